package shard

import (
	"math/bits"
	"slices"
)

// seatSet is a set of seats, one bit each, ascending; bits beyond the last seat are 0.
// What looks at all seats of a house works on words of 64 of them.
type seatSet []uint64

func newSeatSet(seats uint32) seatSet { return make(seatSet, wordsOf(seats)) }

func wordsOf(seats uint32) int { return int(seats+63) >> 6 }

// sized is a set of as many words, their contents left over: buf if that is large enough.
func (m seatSet) sized(words int) seatSet {
	return slices.Grow(m[:0], words)[:words]
}

func (m seatSet) has(seat uint32) bool { return m[seat>>6]>>(seat&63)&1 != 0 }
func (m seatSet) add(seat uint32)      { m[seat>>6] |= 1 << (seat & 63) }
func (m seatSet) remove(seat uint32)   { m[seat>>6] &^= 1 << (seat & 63) }

// and keeps what is in the other set too: what is free on all nights.
func (m seatSet) and(other seatSet) {
	for w := range m {
		m[w] &= other[w]
	}
}

func (m seatSet) any() bool {
	for _, v := range m {
		if v != 0 {
			return true
		}
	}
	return false
}

// ahead is word w of the set moved down: its bit for seat i tells of seat i+by.
func (m seatSet) ahead(w int, by uint32) uint64 {
	w += int(by >> 6)
	by &= 63
	if w+1 < len(m) {
		return m[w]>>by | m[w+1]<<(64-by)
	}
	if w < len(m) {
		return m[w] >> by
	}
	return 0
}

// back is word w of the set moved up: its bit for seat i tells of seat i−by, by < 64.
func (m seatSet) back(w int, by uint32) uint64 {
	v := m[w] << by
	if w > 0 {
		v |= m[w-1] >> (64 - by)
	}
	return v
}

// next is the first seat of the set in from ≤ seat < to, or to.
func (m seatSet) next(from, to uint32) uint32 {
	for from < to {
		if v := m[from>>6] >> (from & 63); v != 0 {
			return min(to, from+uint32(bits.TrailingZeros64(v)))
		}
		from = from&^63 + 64
	}
	return to
}

// erode keeps the seats i of which i…i+n−1 are in the set.
func (m seatSet) erode(n uint32) {
	for have := uint32(1); have < n; {
		step := min(have, n-have)
		for w := range m { // ascending: what lies ahead is still as it was
			m[w] &= m.ahead(w, step)
		}
		have += step
	}
}

// dilate adds the seats i of which any of i…i+n−1 is in the set.
func (m seatSet) dilate(n uint32) {
	for have := uint32(1); have < n; {
		step := min(have, n-have)
		for w := range m {
			m[w] |= m.ahead(w, step)
		}
		have += step
	}
}

// countedSet is a set that never changes and knows how many of it are in a range.
type countedSet struct {
	seatSet
	before []uint32 // in the words before each
}

func counted(m seatSet) countedSet {
	c := countedSet{m, make([]uint32, len(m))}
	n := 0
	for w, v := range m {
		c.before[w] = uint32(n)
		n += bits.OnesCount64(v)
	}
	return c
}

// within counts the seats of the set in first…last.
func (c *countedSet) within(first, last uint32) int {
	return c.through(last) - c.through(first) + int(c.seatSet[first>>6]>>(first&63)&1)
}

func (c *countedSet) through(seat uint32) int {
	w := seat >> 6
	return int(c.before[w]) + bits.OnesCount64(c.seatSet[w]<<(63-seat&63))
}
