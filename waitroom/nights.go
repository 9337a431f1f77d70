package waitroom

import (
	"cmp"
	"math/bits"
	"slices"
)

// maxPreferred is how many nights have an order.
const maxPreferred = 4

// Prefer makes the Nights of somebody who wants these events of a room, given by their index
// in RoomInfo.Events, best first. None means all. false: an index is not below MaxNights, or
// is there twice.
func Prefer(events ...int) (Nights, bool) {
	var n Nights
	for i, e := range events {
		if e < 0 || e >= MaxNights || n>>e&1 != 0 {
			return 0, false
		}
		n |= 1 << e
		if i < maxPreferred {
			n |= Nights(e) << (16 + 4*i)
		}
	}
	return n, true
}

// Preferred is the index in RoomInfo.Events of the wanted nights that have an order, best first.
func (n Nights) Preferred() []int {
	var list []int
	for i := range min(maxPreferred, bits.OnesCount16(n.Set())) {
		list = append(list, int(n>>(16+4*i)&15))
	}
	return list
}

// Set is the set of nights; 0 means all.
func (n Nights) Set() uint16 { return uint16(n) }

// among tells whether one of the nights is in a set of the room's.
func (n Nights) among(set uint16) bool {
	return n.Set() == 0 && set != 0 || n.Set()&set != 0
}

// sound tells whether these are nights of a room with that set.
func (n Nights) sound(all uint16) bool {
	if n.Set()&^all != 0 {
		return false
	}
	ordered := min(maxPreferred, bits.OnesCount16(n.Set()))
	seen := uint16(0)
	for i := range ordered {
		e := uint16(1) << (n >> (16 + 4*i) & 15)
		if n.Set()&e == 0 || seen&e != 0 {
			return false
		}
		seen |= e
	}
	return n>>(16+4*ordered) == 0
}

// setCount is how many wait for the same set of nights.
type setCount struct {
	set   uint16
	count uint32
}

// countSet counts one who waits in or out.
func (r *Room) countSet(set uint16, by int32) {
	at, known := slices.BinarySearchFunc(r.sets, set, func(s setCount, set uint16) int { return cmp.Compare(s.set, set) })
	if !known {
		r.sets = slices.Insert(r.sets, at, setCount{set: set})
	}
	r.sets[at].count += uint32(by)
}

// possible is how many wait for whom something is left.
func (r *Room) possible(left uint16) (n uint32) {
	for _, s := range r.sets {
		if Nights(s.set).among(left) {
			n += s.count
		}
	}
	return n
}
