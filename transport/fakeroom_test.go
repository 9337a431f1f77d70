package transport

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/usherhq/usher/engine"
)

// fakeRooms is one waiting room without a log: its tickets stand where a test puts them. Its methods
// are safe for many goroutines.
type fakeRooms struct {
	roomMu  sync.Mutex
	version uint64
	tickets []*engine.Place // number n is tickets[n-1]
	gone    map[uint32]bool
	shared  engine.Place // phase, paused, reason, rate: everybody's
	places  int          // how often Place was called
	roomErr error        // what everything returns, if not nil

	joined  engine.JoinRequest // that came last
	changed engine.RoomChange
	shown   engine.VerifyRequest
	draw    engine.Draw
	entries func(w io.Writer) error
}

func (f *fakeRooms) locked(fn func()) {
	f.roomMu.Lock()
	defer f.roomMu.Unlock()
	fn()
}

// put changes the room and its tickets.
func (f *fakeRooms) put(fn func()) {
	f.locked(func() {
		f.version++
		fn()
	})
}

// line puts n people in line, the first in front, and returns their tickets.
func (f *fakeRooms) line(n int) []string {
	var ids []string
	f.put(func() {
		f.shared.Phase, f.shared.RatePerMinute = "line", 60
		for range n {
			p := f.add(engine.QueueWaiting)
			ids = append(ids, p.Ticket)
		}
		f.order()
	})
	return ids
}

// lobby puts n people in the lobby.
func (f *fakeRooms) lobby(n int) []string {
	var ids []string
	f.put(func() {
		f.shared.Phase = "before"
		for range n {
			ids = append(ids, f.add(engine.QueueLobby).Ticket)
		}
	})
	return ids
}

func (f *fakeRooms) add(state engine.QueueState) *engine.Place {
	n := len(f.tickets) + 1
	p := &engine.Place{Ticket: fmt.Sprint("tick_", n), EventID: testEvent, State: state, Entrant: fmt.Sprintf("%032x", n)}
	f.tickets = append(f.tickets, p)
	return p
}

// order gives those who wait their positions, in order of tickets.
func (f *fakeRooms) order() {
	position := 0
	for _, p := range f.tickets {
		p.Position, p.Ahead = nil, nil
		if p.State != engine.QueueWaiting {
			continue
		}
		position++
		at, ahead := position, position-1
		p.Position, p.Ahead = &at, &ahead
	}
}

// move changes the state of tickets, by number.
func (f *fakeRooms) move(state engine.QueueState, numbers ...int) {
	f.put(func() {
		for _, n := range numbers {
			p := f.tickets[n-1]
			p.State, p.AdmissionToken, p.ExpiresAt = state, "", nil
			if state == engine.QueueAdmitted {
				until := time.Now().Add(time.Minute)
				p.AdmissionToken, p.ExpiresAt = fmt.Sprint("ua1.token.", n), &until
			}
		}
		f.order()
	})
}

// placeOf is the place of a ticket now, with roomMu held.
func (f *fakeRooms) placeOf(n uint32) (engine.Place, error) {
	if f.roomErr != nil {
		return engine.Place{}, f.roomErr
	}
	if n < 1 || int(n) > len(f.tickets) || f.gone[n] {
		return engine.Place{}, engine.ErrUnknownTicket
	}
	p := *f.tickets[n-1]
	p.Phase, p.RatePerMinute, p.Paused, p.PausedReason = f.shared.Phase, f.shared.RatePerMinute, f.shared.Paused, f.shared.PausedReason
	p.NothingLeft = f.shared.NothingLeft && p.State == engine.QueueWaiting
	p.ServerTime = time.Now()
	if p.State == engine.QueueLobby {
		for _, other := range f.tickets {
			if other.State == engine.QueueLobby {
				p.InLobby++
			}
		}
	}
	return p, nil
}

func (f *fakeRooms) number(ticket string) uint32 {
	var n uint32
	_, _ = fmt.Sscanf(ticket, "tick_%d", &n)
	return n
}

func (f *fakeRooms) Join(_ context.Context, r engine.JoinRequest) (p engine.Place, err error) {
	f.put(func() {
		f.joined = r
		if f.roomErr != nil {
			err = f.roomErr
			return
		}
		f.add(engine.QueueWaiting)
		f.order()
		p, err = f.placeOf(uint32(len(f.tickets)))
		p.New = true
	})
	return p, err
}

func (f *fakeRooms) QueuePlace(_ context.Context, ticket string) (p engine.Place, err error) {
	f.locked(func() { p, err = f.placeOf(f.number(ticket)) })
	return p, err
}

func (f *fakeRooms) LeaveQueue(ctx context.Context, ticket string) error {
	if _, err := f.QueuePlace(ctx, ticket); err != nil {
		return err
	}
	f.move(engine.QueueLeft, int(f.number(ticket)))
	return nil
}

func (f *fakeRooms) Line(ctx context.Context, ticket string) (Line, uint32, error) {
	_, err := f.QueuePlace(ctx, ticket)
	return fakeLine{f}, f.number(ticket), err
}

// fakeLine is the line of the one room there is.
type fakeLine struct{ f *fakeRooms }

func (l fakeLine) View(fn func(LineView)) (err error) {
	l.f.locked(func() {
		if err = l.f.roomErr; err == nil {
			fn(l)
		}
	})
	return err
}

func (l fakeLine) Version() uint64 { return l.f.version }

func (l fakeLine) At(n uint32) (engine.QueueState, int) {
	if l.f.gone[n] {
		return engine.QueueLeft, 0
	}
	p := l.f.tickets[n-1]
	if p.Position == nil {
		return p.State, 0
	}
	return p.State, *p.Position
}

func (l fakeLine) Place(_ context.Context, n uint32) (p engine.Place, err error) {
	l.f.locked(func() {
		l.f.places++
		p, err = l.f.placeOf(n)
	})
	return p, err
}

func (f *fakeRooms) Room(context.Context, string) (engine.Room, error) {
	f.roomMu.Lock()
	defer f.roomMu.Unlock()
	return engine.Room{RoomID: "event/" + testEvent, State: "open", Waiting: len(f.tickets), ServerTime: time.Now()}, f.roomErr
}

func (f *fakeRooms) SetRoom(ctx context.Context, id string, c engine.RoomChange) (engine.Room, error) {
	f.locked(func() { f.changed = c })
	return f.Room(ctx, id)
}

func (f *fakeRooms) DrawOf(context.Context, string) (engine.Draw, error) {
	f.roomMu.Lock()
	defer f.roomMu.Unlock()
	return f.draw, f.roomErr
}

func (f *fakeRooms) WriteEntrants(_ context.Context, _ string, w io.Writer) error {
	if f.entries == nil {
		return engine.ErrDrawNotDone
	}
	return f.entries(w)
}

func (f *fakeRooms) RoomKeys(context.Context, string) ([]engine.RoomKey, error) {
	return []engine.RoomKey{{No: 2, Key: []byte("key two")}, {No: 1, Key: []byte("key one")}}, f.roomErr
}

func (f *fakeRooms) VerifyAdmission(_ context.Context, r engine.VerifyRequest) (engine.VerifiedAdmission, error) {
	f.locked(func() { f.shown = r })
	return engine.VerifiedAdmission{Ticket: "tick_1", EventID: r.EventID, SessionStarted: r.Start, ExpiresAt: time.Now(), ServerTime: time.Now()}, f.roomErr
}
