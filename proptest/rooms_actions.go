package proptest

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/usherhq/usher/waitroom"
)

// Actions are what may happen, by name.
func (x *RoomRun) Actions() map[string]func() error {
	return map[string]func() error{
		"join": x.join, "join again": x.join, "join many": x.joinMany, "leave": x.leave, "enter": x.enter, "enter more": x.enter,
		"take": x.take, "take many": x.takeMany, "book": x.book, "book more": x.book, "holds end": x.holdsEnd, "sell": x.sell,
		"set": x.set, "set state": x.setState, "open more": x.openMore, "time": x.wait, "time more": x.wait,
		"step": x.step, "step more": x.step, "settle": x.settle, "crash": x.crash, "crash in the draw": x.crashInDraw,
		"freeze": x.freeze, "thaw": x.thaw, "restore": x.restore,
	}
}

var roomActionNames = func() (names []string) {
	for name := range (&RoomRun{}).Actions() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}()

// Step does one action, any, and verifies.
func (x *RoomRun) Step() error {
	name := pick(x.Dice, roomActionNames...)
	if err := x.Actions()[name](); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := x.Verify(); err != nil {
		return fmt.Errorf("after %s: %w", name, err)
	}
	return nil
}

// PlayRooms makes rooms and does so many steps.
func PlayRooms(d Dice, steps int) error {
	x, err := NewRoomRun(d)
	if err == nil {
		err = x.Verify()
	}
	for i := 0; err == nil && i < steps; i++ {
		if err = x.Step(); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
	}
	return err
}

// roomPeople is how many people there are: few, so that they come again.
const roomPeople = 60

// roomCrowd are their hashed names.
var roomCrowd = func() (ids [roomPeople][16]byte) {
	for n := range ids {
		sum := sha256.Sum256(fmt.Append(nil, "person ", n))
		ids[n] = [16]byte(sum[:16])
	}
	return ids
}()

func (x *RoomRun) entrant(m *ModelRoom) waitroom.Entrant {
	e := waitroom.Entrant{ID: roomCrowd[x.Roll(roomPeople)]}
	lanes, events := 4, 1
	if m != nil {
		lanes, events = len(m.Lanes), len(m.Events)
	}
	e.Lane = uint8(x.Roll(lanes))
	if chance(x.Dice, 40) {
		e.Lane = uint8(lanes + x.Roll(200))
	}
	if x.Roll(2) == 0 {
		return e
	}
	var nights []int
	for range 1 + x.Roll(events) {
		if n := x.Roll(events); !slices.Contains(nights, n) {
			nights = append(nights, n)
		}
	}
	e.Nights, _ = waitroom.Prefer(nights...)
	if chance(x.Dice, 30) {
		e.Nights ^= 1 << x.Roll(32)
	}
	return e
}

func (x *RoomRun) join() error { return x.joinSome(1 + x.Roll(5)) }

func (x *RoomRun) joinMany() error { return x.joinSome(10 + x.Roll(60)) }

func (x *RoomRun) joinSome(n int) error {
	no, m := x.room()
	c := &waitroom.Join{Room: no}
	for range n {
		c.Entrants = append(c.Entrants, x.entrant(m))
	}
	type told struct {
		list []waitroom.Joined
		err  error
	}
	a, b := both(x, func(rs *waitroom.Rooms) told { list, err := rs.Join(x.now, c); return told{list, err} })
	want := told{err: waitroom.ErrUnknownRoom}
	if m != nil {
		want = told{list: m.Join(x.now, c.Entrants)}
	}
	if a.err != want.err || b.err != want.err || !slices.Equal(a.list, want.list) || !slices.Equal(b.list, want.list) {
		return fmt.Errorf("%v\nare told %v and %v\nmodel    %v", c.Entrants, a, b, want)
	}
	return nil
}

// ticket is a number of a ticket, often of one that is in one of these states.
func (x *RoomRun) ticket(m *ModelRoom, in ...waitroom.TicketState) uint32 {
	if m == nil {
		return uint32(x.Roll(5))
	}
	var list []uint32
	for _, t := range m.Tickets {
		if slices.Contains(in, t.State) {
			list = append(list, t.No)
		}
	}
	if len(list) == 0 || x.Roll(6) == 0 {
		return uint32(x.Roll(len(m.Tickets) + 2))
	}
	return pick(x.Dice, list...)
}

func (x *RoomRun) leave() error {
	no, m := x.room()
	c := &waitroom.Leave{Room: no, Ticket: x.ticket(m, waitroom.InLobby, waitroom.Waiting, waitroom.InShop)}
	a, b := both(x, func(rs *waitroom.Rooms) error { return rs.Leave(x.now, c) })
	want := waitroom.ErrUnknownRoom
	if m != nil {
		want = m.Leave(x.now, c.Ticket)
	}
	return sameErrors(a, b, want, "ticket %d leaves", c.Ticket)
}

func sameErrors(a, b, want error, format string, args ...any) error {
	if a != want || b != want {
		return fmt.Errorf("%s: %v and %v, model %v", fmt.Sprintf(format, args...), a, b, want)
	}
	return nil
}

func (x *RoomRun) openMore() error {
	c := x.opening("series/run", uint32(x.Roll(roomNights)))
	switch x.Roll(6) {
	case 0:
		c.ID = "event/one"
	case 1:
		c.ID, c.Event = "", 99
	case 2:
		c.ID, c.Event, c.Config.MaxActive = "event/none", 98, 0
	}
	return x.open(c)
}
