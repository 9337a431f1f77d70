package proptest

import "github.com/usherhq/usher/shard"

// What stands in a list of seats is a seat, or some places in an area.

func isArea(code uint32) bool { _, _, area := shard.SplitCode(code); return area }

// seatsIn are the seats of a list, without the areas.
func seatsIn(list []uint32) (seats []uint32) {
	for _, code := range list {
		if !isArea(code) {
			seats = append(seats, code)
		}
	}
	return seats
}

// people is how many a list is for.
func people(list []uint32) (n uint32) {
	for _, code := range list {
		if _, places, area := shard.SplitCode(code); area {
			n += places
		} else {
			n++
		}
	}
	return n
}

// areaNow is an area as what is held and booked makes it.
func (e *ModelEvent) areaNow(no int) (a shard.AreaInfo) {
	a.Capacity = e.Plan.Areas[no].Capacity
	places := func(list []uint32) (n uint32) {
		for _, code := range list {
			if area, places, ok := shard.SplitCode(code); ok && int(area) == no {
				n += places
			}
		}
		return n
	}
	for _, h := range e.Holds {
		if h.State == shard.HoldHeld {
			a.Held += places(h.Seats)
		}
	}
	for _, b := range e.Books {
		if !b.Cancelled {
			a.Booked += places(b.Hold.Seats)
		}
	}
	a.Version = e.changedAt(shard.AreaCode(uint32(no), 0))
	return a
}

// changedAt is the version of the last change of a seat or area; 0: never.
func (e *ModelEvent) changedAt(what uint32) uint64 {
	for i := len(e.History) - 1; i >= 0; i-- {
		if e.History[i] == what {
			return uint64(i + 1)
		}
	}
	return 0
}

func (e *ModelEvent) areas() int {
	if e.Plan == nil {
		return 0
	}
	return len(e.Plan.Areas)
}

// has is what a holder has, held and booked.
func (e *ModelEvent) has(holder string) (n uint32) {
	for _, h := range e.Holds {
		if h.State == shard.HoldHeld && h.Holder == holder {
			n += people(h.Seats)
		}
	}
	for _, b := range e.Books {
		if !b.Cancelled && b.Hold.Holder == holder {
			n += people(b.Hold.Seats)
		}
	}
	return n
}
