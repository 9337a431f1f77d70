package waitroom

import "math/bits"

const (
	blockShift = 9
	blockSlots = 1 << blockShift // 512
	blockWords = blockSlots / 64

	lineShift = 12
	linePage  = 1 << lineShift
)

// line is the places of a lane, in order, from slot 0 on. Places are never given again, so
// that a place stays what it is whoever leaves; a bit says whether who has it waits, and a
// Fenwick tree over blocks of 512 slots counts the bits.
//
// Source of the tree: P. M. Fenwick, A new data structure for cumulative frequency tables, 1994.
type line struct {
	slots   uint32     // places given
	tickets [][]uint32 // who has a place, 4096 a page; 0 while the draw has not said
	words   []uint64   // bit s%64 of word s/64 of slot s: waits
	tree    []uint32   // Fenwick, from 1: tree[b+1] ends with block b
	sets    []uint16   // by block: nights that some who wait there may want
}

// extend adds n places that nobody has yet and nobody waits at.
func (l *line) extend(n uint32) {
	l.slots += n
	for uint32(len(l.tickets))<<lineShift < l.slots {
		l.tickets = append(l.tickets, make([]uint32, linePage))
	}
	for uint32(len(l.sets))<<blockShift < l.slots {
		l.addBlock()
	}
}

func (l *line) addBlock() {
	l.sets = append(l.sets, 0)
	l.words = append(l.words, make([]uint64, blockWords)...)
	if len(l.tree) == 0 {
		l.tree = append(l.tree, 0)
	}
	i := len(l.tree)
	sum := uint32(0)
	for k, stop := i-1, i-i&-i; k > stop; k -= k & -k {
		sum += l.tree[k]
	}
	l.tree = append(l.tree, sum)
}

func (l *line) add(block, by uint32) {
	for i := int(block) + 1; i < len(l.tree); i += i & -i {
		l.tree[i] += by
	}
}

// put gives a place to a ticket.
func (l *line) put(slot, ticket uint32) { l.tickets[slot>>lineShift][slot&(linePage-1)] = ticket }

func (l *line) ticket(slot uint32) uint32 { return l.tickets[slot>>lineShift][slot&(linePage-1)] }

// want notes what who waits at a slot would take.
func (l *line) want(slot uint32, n Nights) {
	set := n.Set()
	if set == 0 {
		set = 1<<MaxNights - 1
	}
	l.sets[slot>>blockShift] |= set
}

func (l *line) waits(slot uint32) bool { return l.words[slot/64]>>(slot%64)&1 != 0 }

func (l *line) set(slot uint32) {
	l.words[slot/64] |= 1 << (slot % 64)
	l.add(slot>>blockShift, 1)
}

func (l *line) clear(slot uint32) {
	l.words[slot/64] &^= 1 << (slot % 64)
	l.add(slot>>blockShift, ^uint32(0))
}

// setAll sets the slots from…to-1, of which none is set.
func (l *line) setAll(from, to uint32) {
	for s := from; s < to; {
		end := min(to, (s>>blockShift+1)<<blockShift)
		for k := s; k < end; {
			stop := min(end, (k/64+1)*64)
			l.words[k/64] |= (^uint64(0) >> (64 - (stop - k))) << (k % 64)
			k = stop
		}
		l.add(s>>blockShift, end-s)
		s = end
	}
}

// rank is how many wait at slots below slot.
func (l *line) rank(slot uint32) (n uint32) {
	block := slot >> blockShift
	for i := int(block); i > 0; i -= i & -i {
		n += l.tree[i]
	}
	for w := block * blockWords; w < slot/64; w++ {
		n += uint32(bits.OnesCount64(l.words[w]))
	}
	if slot%64 != 0 {
		n += uint32(bits.OnesCount64(l.words[slot/64] << (64 - slot%64)))
	}
	return n
}

// first is the lowest slot from from on, below stop, at which somebody waits who takes one of
// the nights of left. Blocks that are searched in vain forget nights that nobody there wants
// any more, so this is for commands only.
func (r *Room) first(l *line, from, stop uint32, left uint16) (slot uint32, ok bool) {
	all := r.nights()
	for from < stop {
		block := from >> blockShift
		end := min(stop, (block+1)<<blockShift)
		if l.sets[block]&left == 0 {
			from = end
			continue
		}
		set := uint16(0)
		for s := from; s < end; s++ {
			w := l.words[s/64] >> (s % 64)
			if w == 0 {
				s |= 63
				continue
			}
			if s += uint32(bits.TrailingZeros64(w)); s >= end {
				break
			}
			if left == all {
				return s, true
			}
			t := r.at(l.ticket(s))
			if t.nights.among(left) {
				return s, true
			}
			if n := t.nights.Set(); n != 0 {
				set |= n
			} else {
				set = 1<<MaxNights - 1
			}
		}
		if from == block<<blockShift && end == (block+1)<<blockShift {
			l.sets[block] = set
		}
		from = end
	}
	return 0, false
}

func (l *line) bytes() int {
	return 4*linePage*len(l.tickets) + 8*cap(l.words) + 4*cap(l.tree) + 2*cap(l.sets)
}
