package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/waitroom"
)

const (
	maxJoinMany = 1 << 20
	// manyUnderWay is how many commands of a call are on their way at once: one is hashed while
	// others are written to disk and applied.
	manyUnderWay = 4
)

var errJoinAnswer = fmt.Errorf("%w: an answer of joins has another length than they have", ErrDamaged)

// Joined is what JoinMany tells of one: a Place is ten times as large, and a million of them keep
// the collector busier than all joins.
type Joined struct {
	Ticket string // a piece of one text for all: to keep a few, clone them
	State  QueueState
	New    bool // it was not there before
}

// JoinMany is Join for whoever brings many, at most 1,048,576: gateways and benchmarks. Each r's
// EventID is empty or eventID. The answers are in the order of rs; those of one call have no
// order among themselves in the line. When it fails some
// may have joined, unless the outcome is that nothing was applied; to repeat it is safe. With
// ErrRoomClosed the places are there all the same: who had none before has an empty Ticket.
func (e *Engine) JoinMany(ctx context.Context, eventID string, rs []JoinRequest) ([]Joined, error) {
	_, room, err := e.eventRoom(ctx, eventID)
	if err != nil {
		return nil, err
	}
	if len(rs) > maxJoinMany {
		return nil, &InvalidError{"entrants", fmt.Sprintf("%d, at most %d are possible", len(rs), maxJoinMany)}
	}
	m := &manyJoins{e: e, room: room, eventID: eventID, rs: rs, places: make([]Joined, len(rs))}
	// What is wrong is found before anything is sent.
	if err := m.check(); err != nil {
		return nil, err
	}
	var wg sync.WaitGroup
	for range min(manyUnderWay, m.commands()) {
		wg.Go(func() { m.work(ctx) })
	}
	wg.Wait()
	if err := m.result(ctx); err != nil {
		return nil, err
	}
	if m.turned.Load() {
		return m.places, ErrRoomClosed
	}
	return m.places, nil
}

// manyJoins is one call of JoinMany.
type manyJoins struct {
	e       *Engine
	room    *eventRoom
	eventID string
	rs      []JoinRequest
	places  []Joined
	next    atomic.Int64 // command
	sent    atomic.Int64 // commands that were applied
	turned  atomic.Bool  // somebody was turned away
	mu      sync.Mutex
	err     error // the first
	unknown bool  // one of the failed may have been applied
}

func (m *manyJoins) check() error {
	for i := range m.rs {
		r := &m.rs[i]
		if r.EventID != "" && r.EventID != m.eventID {
			return &InvalidError{fmt.Sprintf("entrants[%d].event_id", i), fmt.Sprintf("%q is another event than %s", r.EventID, m.eventID)}
		}
		if r.HolderID == "" || len(r.HolderID) > MaxKeyLen {
			return within(fmt.Sprintf("entrants[%d].", i), checkText("holder_id", r.HolderID))
		}
	}
	return nil
}

func (m *manyJoins) commands() int { return (len(m.rs) + raftfsm.MaxJoin - 1) / raftfsm.MaxJoin }

// work sends commands until there are no more, or one has failed.
func (m *manyJoins) work(ctx context.Context) {
	for ctx.Err() == nil && !m.failed() {
		i := int(m.next.Add(1)-1) * raftfsm.MaxJoin
		if i >= len(m.rs) {
			return
		}
		if err := m.send(ctx, i, min(i+raftfsm.MaxJoin, len(m.rs))); err != nil {
			m.fail(err)
			return
		}
		m.sent.Add(1)
	}
}

// entrantRooms are lists of commands that are through: memory that nobody has touched yet is dear.
var entrantRooms = sync.Pool{New: func() any { return new([raftfsm.MaxJoin]waitroom.Entrant) }}

func (m *manyJoins) send(ctx context.Context, from, to int) error {
	room := entrantRooms.Get().(*[raftfsm.MaxJoin]waitroom.Entrant)
	entrants := room[:to-from]
	for i := range entrants {
		r := &m.rs[from+i]
		one, err := m.room.entrant(ctx, r, "")
		if err != nil {
			return within(fmt.Sprintf("entrants[%d].", from+i), err)
		}
		entrants[i] = one
	}
	joined, err := m.e.sendJoins(ctx, m.room.roomRef, entrants)
	m.count(len(entrants), joined, err)
	if err != nil {
		return err // the log may still be at work on them
	}
	entrantRooms.Put(room)
	if err := m.e.follow(ctx, m.room.group); err != nil {
		return applied(err)
	}
	return applied(m.describe(joined, m.places[from:to]))
}

func (m *manyJoins) count(n int, joined []waitroom.Joined, err error) {
	fresh, turned := 0, 0
	for _, got := range joined {
		fresh += b2i(got.New)
		turned += b2i(got.Ticket == 0)
	}
	m.e.metrics.joined(n-turned, fresh, err)
	if turned > 0 {
		m.turned.Store(true)
		m.e.metrics.joined(turned, 0, ErrRoomClosed)
	}
}

// describe fills in what a caller of many is told.
func (m *manyJoins) describe(joined []waitroom.Joined, out []Joined) error {
	// One string has them all: to make each by itself costs more than what is in it.
	var ids strings.Builder
	ids.Grow(idLen * len(joined))
	var id [idLen]byte
	for _, got := range joined {
		m.room.putTicketID(&id, got.Ticket)
		_, _ = ids.Write(id[:]) // it does not fail
	}
	all := ids.String()
	for i, got := range joined {
		if got.Ticket != 0 {
			out[i].Ticket, out[i].New = all[idLen*i:idLen*(i+1)], got.New
		}
	}
	return m.room.view(func(room *waitroom.Room, _ int64) {
		for i, got := range joined {
			if state, _, ok := room.State(got.Ticket); ok {
				out[i].State, _ = queueState(state)
			}
		}
	})
}

func (m *manyJoins) failed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err != nil
}

func (m *manyJoins) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unknown = m.unknown || OutcomeOf(err) != OutcomeNotApplied
	if m.err == nil {
		m.err = err
	}
}

// result is the first error, with what became of the whole.
func (m *manyJoins) result(ctx context.Context) error {
	err := m.err
	if err == nil {
		if int(m.sent.Load()) == m.commands() {
			return nil
		}
		err = ctx.Err()
	}
	outcome := OutcomeNotApplied
	if m.unknown || m.sent.Load() > 0 {
		outcome = OutcomeUnknown
	}
	var told *raftfsm.OutcomeError
	if errors.As(err, &told) {
		err = told.Err
	}
	return &raftfsm.OutcomeError{Outcome: outcome, Err: err}
}
