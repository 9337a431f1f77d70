package proptest

import (
	"fmt"
	"slices"

	"github.com/usherhq/usher/waitroom"
)

func (x *RoomRun) enter() error {
	no, m := x.room()
	pass := waitroom.Pass{Room: no, Ticket: x.ticket(m, waitroom.Admitted, waitroom.InShop)}
	event := uint32(x.Roll(roomNights))
	if m != nil && x.Roll(8) > 0 {
		event = pick(x.Dice, m.Events...)
	}
	type told struct {
		until int64
		err   error
	}
	a, b := both(x, func(rs *waitroom.Rooms) told { until, err := rs.Enter(x.now, pass, event); return told{until, err} })
	want := told{err: waitroom.ErrUnknownRoom}
	if m != nil {
		want.until, want.err = m.Enter(x.now, pass.Ticket, event)
	}
	if a != want || b != want {
		return fmt.Errorf("ticket %d is shown for event %d: %v and %v, model %v", pass.Ticket, event, a, b, want)
	}
	return nil
}

// take grants a hold to a session; now and then one is noted twice, as when an answer is
// given again.
func (x *RoomRun) take() error { x.takeOne(x.room()); return nil }

func (x *RoomRun) takeOne(no uint32, m *ModelRoom) {
	n := x.ticket(m, waitroom.InShop)
	h := RoomHold{uint32(x.Roll(roomNights)), x.holds}
	if m != nil {
		h.Event = pick(x.Dice, m.Events...)
	}
	switch {
	case x.holds > 0 && chance(x.Dice, 8):
		h.Hold = uint32(x.Roll(int(x.holds)))
	default:
		x.holds++
		x.stock.Kept[h] = true
	}
	x.took(no, m, n, h)
}

func (x *RoomRun) took(no uint32, m *ModelRoom, n uint32, h RoomHold) {
	both(x, func(rs *waitroom.Rooms) int { rs.Took(waitroom.Pass{Room: no, Ticket: n}, h.Event, h.Hold); return 0 })
	if m != nil {
		m.Took(n, h)
	}
}

// takeMany gives one session more holds than are known of one.
func (x *RoomRun) takeMany() error {
	no, m := x.room()
	if m == nil || x.Roll(4) > 0 {
		return nil
	}
	n := x.ticket(m, waitroom.InShop)
	for range 60 + x.Roll(10) {
		h := RoomHold{m.Events[0], x.holds}
		x.holds++
		x.stock.Kept[h] = true
		x.took(no, m, n, h)
	}
	return nil
}

// kept is the holds that are held, in order.
func (x *RoomRun) kept() (list []RoomHold) {
	for h := range x.stock.Kept {
		list = append(list, h)
	}
	slices.SortFunc(list, func(a, b RoomHold) int { return int(a.Hold) - int(b.Hold) })
	return list
}

// book books a hold, or all of somebody's.
func (x *RoomRun) book() error {
	list := x.kept()
	if len(list) == 0 {
		return nil
	}
	h := pick(x.Dice, list...)
	all := []RoomHold{h}
	for _, m := range x.m {
		for _, t := range m.Tickets {
			if slices.Contains(t.Holds, h) && x.Roll(2) == 0 {
				all = slices.Clone(t.Holds)
			}
		}
	}
	for _, h := range all {
		delete(x.stock.Kept, h)
		both(x, func(rs *waitroom.Rooms) int { rs.Booked(x.now, h.Event, h.Hold); return 0 })
		for _, m := range x.m {
			if slices.Contains(m.Events, h.Event) {
				m.Booked(x.now, h)
			}
		}
	}
	return nil
}

// holdsEnd lets some holds expire: nobody tells the rooms.
func (x *RoomRun) holdsEnd() error {
	for _, h := range x.kept() {
		if x.Roll(3) == 0 {
			delete(x.stock.Kept, h)
		}
	}
	return nil
}

// sell sells out an event, or has something come back.
func (x *RoomRun) sell() error {
	e := pick(x.Dice, pick(x.Dice, x.m...).Events...)
	x.stock.Gone[e] = !x.stock.Gone[e]
	return nil
}

func (x *RoomRun) setState() error {
	no, m := x.room()
	c := &waitroom.Set{Room: no, Fields: waitroom.SetState, State: pick(x.Dice, waitroom.Open, waitroom.Open, waitroom.Open, waitroom.Paused, waitroom.Closed, waitroom.Draining)}
	if c.State == waitroom.Paused {
		c.Reason = "the stage is being built"
	}
	return x.setTo(m, c)
}

func (x *RoomRun) set() error {
	no, m := x.room()
	c := &waitroom.Set{
		Room: no, Fields: uint8(x.Roll(34)), MaxActive: pick[uint32](x.Dice, 0, 1, 2, 9, 40, 1000, waitroom.MaxCount, waitroom.MaxCount+1),
		NewPerMinute: pick[uint32](x.Dice, 0, 1, 5, 60, 90, 600, 60_000, waitroom.MaxCount, waitroom.MaxCount+1),
		Pace:         pick[uint32](x.Dice, 0, 1, 6, 59, 60, 600, waitroom.MaxCount, waitroom.MaxCount+1), State: waitroom.State(x.Roll(6)),
	}
	if c.State > waitroom.Draining+1 {
		c.State = waitroom.Open
	}
	if chance(x.Dice, 4) {
		c.Reason = "why not"
	}
	return x.setTo(m, c)
}

func (x *RoomRun) setTo(m *ModelRoom, c *waitroom.Set) error {
	a, b := both(x, func(rs *waitroom.Rooms) error { return rs.Set(x.now, c) })
	want := waitroom.ErrUnknownRoom
	if m != nil {
		want = m.Set(x.now, c)
	}
	return sameErrors(a, b, want, "%+v", c)
}
