package engine

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/shard"
	"github.com/usherhq/usher/waitroom"
)

// roomRef is what the engine knows of a waiting room that never changes while the process
// lives. What does change is read from the group's state.
type roomRef struct {
	e        *Engine
	id       string
	group    int
	no       uint32
	epoch    [16]byte
	secret   [32]byte
	tickets  idCiphers
	entrants [32]byte        // keys the hashes of holders
	config   waitroom.Config // of it MaxActive and NewPerMinute are as they were
	tiers    []string        // by lane − 1
	joins    joinQueue
	line     Line
}

// eventRoom is an event's room, and which of the room's events it is.
type eventRoom struct {
	*roomRef
	night int
}

// roomOf is the waiting room of an event. One that was made before events had rooms gets its
// own here.
func (e *Engine) roomOf(ctx context.Context, ref *eventRef) (*eventRoom, error) {
	if room := ref.room.Load(); room != nil {
		return room, nil
	}
	if ref.settings.WaitingRoom == nil {
		return nil, fmt.Errorf("%w: %s", ErrNoWaitingRoom, ref.id)
	}
	room, err := e.lookUpRoom(ctx, ref)
	if errors.Is(err, errNotHere) {
		if err = e.openRoom(ctx, ref.group, ref.no, ref.id, &ref.settings); err != nil {
			return nil, err
		}
		if err = e.follow(ctx, ref.group); err == nil {
			room, err = e.lookUpRoom(ctx, ref)
		}
	}
	if err != nil {
		return nil, err
	}
	ref.room.Store(room)
	return room, nil
}

// eventRoom is roomOf of an event by its id.
func (e *Engine) eventRoom(ctx context.Context, eventID string) (*eventRef, *eventRoom, error) {
	ref, err := e.event(ctx, eventID)
	if err != nil {
		return nil, nil, err
	}
	room, err := e.roomOf(ctx, ref)
	return ref, room, err
}

func (e *Engine) lookUpRoom(ctx context.Context, ref *eventRef) (*eventRoom, error) {
	var info waitroom.RoomInfo
	err := e.sure(ctx, ref.group, func() error {
		g, found := e.reader(ref.group), false
		if err := g.ViewRooms(func(rs *waitroom.Rooms) {
			var no uint32
			if no, found = rs.Of(ref.no); found {
				info = rs.Room(no).Info(g.Now())
			}
		}); err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("%w: %s has no waiting room yet", errNotHere, ref.id)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	room, err := e.cacheRoom(ref.group, &info)
	if err != nil {
		return nil, err
	}
	return &eventRoom{room, slices.Index(info.Events, ref.no)}, nil
}

func (e *Engine) cacheRoom(group int, info *waitroom.RoomInfo) (*roomRef, error) {
	if known := e.knownRoom(group, info.No); known != nil {
		return known, nil
	}
	room, err := newRoomRef(e, group, info)
	if err != nil {
		return nil, err
	}
	actual, _ := e.catalogue.rooms.LoadOrStore(eventNo{group, info.No}, room)
	return actual.(*roomRef), nil
}

// knownRoom is a room that was looked up before, or nil.
func (e *Engine) knownRoom(group int, no uint32) *roomRef {
	room, _ := e.catalogue.rooms.Load(eventNo{group, no})
	ref, _ := room.(*roomRef)
	return ref
}

func newRoomRef(e *Engine, group int, info *waitroom.RoomInfo) (*roomRef, error) {
	r := &roomRef{e: e, id: info.ID, group: group, no: info.No, epoch: info.Epoch, secret: info.Secret, config: info.Config}
	for _, t := range info.Config.Tiers {
		r.tiers = append(r.tiers, t.Name)
	}
	eras := make([]shard.Era, len(info.Eras))
	for i, era := range info.Eras {
		eras[i] = shard.Era{Hold: uint64(era.First), Salt: era.Salt}
	}
	var err error
	if r.tickets, err = newIDCiphers(r.derive("ticket ids"), eras); err != nil {
		return nil, err
	}
	r.entrants = r.derive("entrants")
	r.line.room = r
	return r, nil
}

// derive makes a key for one purpose: what is made with one tells nothing of another.
func (r *roomRef) derive(purpose string) [32]byte {
	return sha256.Sum256(append(r.secret[:len(r.secret):len(r.secret)], "usher "+purpose...))
}

// view looks at the room in the replica that is read from; now is the group's time.
func (r *roomRef) view(fn func(room *waitroom.Room, now int64)) error {
	g := r.e.reader(r.group)
	return viewRoom(g, r.no, func(room *waitroom.Room) { fn(room, g.Now()) })
}

// viewRoom fails with errNotHere when the replica does not have the room.
func viewRoom(g *raftfsm.Group, no uint32, fn func(*waitroom.Room)) error {
	var room *waitroom.Room
	err := g.ViewRooms(func(rs *waitroom.Rooms) {
		if room = rs.Room(no); room != nil {
			fn(room)
		}
	})
	if err == nil && room == nil {
		err = fmt.Errorf("%w: waiting room %d", errNotHere, no)
	}
	return err
}

// info reads the room as it stands, once what was asked for has been waited for.
func (r *roomRef) info(ctx context.Context) (info waitroom.RoomInfo, now int64, err error) {
	if err := r.e.settle(ctx, r.group); err != nil {
		return info, 0, err
	}
	err = r.e.sure(ctx, r.group, func() error {
		return r.view(func(room *waitroom.Room, at int64) { info, now = room.Info(at), at })
	})
	return info, now, err
}

// shared tells whether the room is of a series.
func (r *roomRef) shared() bool { return strings.HasPrefix(r.id, "series/") }

func (r *roomRef) ticketID(n uint32) string {
	return makeID(r.tickets.of(kindTicket, n), kindTicket, r.group, r.no, n)
}

// putTicketID writes a ticket's id where many of them go.
func (r *roomRef) putTicketID(text *[idLen]byte, n uint32) {
	putID(text, r.tickets.of(kindTicket, n), kindTicket, r.group, r.no, n)
}

// findTicket resolves a ticket's id; ErrUnknownTicket for one that is malformed or forged.
func (e *Engine) findTicket(ctx context.Context, ticket string) (*roomRef, uint32, error) {
	raw, ok := parseID(kindTicket, ticket)
	if !ok {
		return nil, 0, ErrUnknownTicket
	}
	room, err := e.roomByNo(ctx, raw.group, raw.event)
	if err == nil && !raw.genuine(room.tickets.of(kindTicket, raw.number)) {
		err = ErrUnknownTicket
	}
	return room, raw.number, err
}

// roomByNo finds a room by where it is: ids of tickets lead here.
func (e *Engine) roomByNo(ctx context.Context, group int, no uint32) (*roomRef, error) {
	if room := e.knownRoom(group, no); room != nil {
		return room, nil
	}
	if err := e.Ready(); err != nil {
		return nil, err
	}
	if group < 1 || group >= e.nodes[0].Groups() {
		return nil, ErrUnknownTicket
	}
	var info waitroom.RoomInfo
	err := e.sure(ctx, group, func() error {
		g := e.reader(group)
		return viewRoom(g, no, func(room *waitroom.Room) { info = room.Info(g.Now()) })
	})
	if errors.Is(err, errNotHere) {
		return nil, ErrUnknownTicket
	}
	if err != nil {
		return nil, err
	}
	return e.cacheRoom(group, &info)
}
