package waitroom

import (
	"crypto/sha256"
	"hash"
	"math/bits"
	"math/rand/v2"
)

// The draw orders who is in the lobby when the room opens. All of them, in the order of their
// tickets, are the list; their ids, 16 bytes each, make its SHA-256 digest. The list is
// shuffled forward (R. Durstenfeld, Algorithm 235, 1964, from the front): for i = 0, 1, … n-1
// who stands at i changes places with who stands at i + k, where k is drawn evenly from 0…n-1-i
// (D. Lemire, Fast random integer generation in an interval, 2019: of x, the next 64 bits of
// the generator, the high half of x·(n-i), unless its low half is below 2^64 mod (n-i)). The
// generator is ChaCha8 as in C2SP's chacha8rand, and in Go's math/rand/v2, keyed by
//
//	SHA-256("usher draw 1\n" ‖ seed ‖ digest)
//
// The seed was chosen when the room was made, and its SHA-256 has been public since: nobody
// can choose it to suit those who came, nor come to suit it without knowing all others who
// will. Who stands at i after step i has the i-th place, and gets the next one in its lane.
//
// The work is done in pieces, one a Step, so that nothing waits long for it.

const (
	scanPiece = 1 << 18 // tickets
	drawPiece = 1 << 16 // places
)

// drawing is what the draw needs until it is done. It follows from head and the tickets.
type drawing struct {
	list []uint32 // tickets; the first head.drawn have their places
	hash hash.Hash
	rng  *rand.ChaCha8

	warmth uint32 // see shuffle
}

// startDraw gives the lobby the first places of each lane, without saying who has which.
func (r *Room) startDraw(now int64) {
	r.phase, r.drawAt, r.entrants = Drawing, now, r.states[InLobby]
	for i, n := range r.lobby {
		l := &r.lanes[i]
		if n == 0 {
			continue
		}
		r.occupy(l)
		l.extend(n)
		l.setAll(0, n)
		l.waiting, l.drawn = n, n
	}
}

// drawOn does a piece of the draw.
func (r *Room) drawOn() {
	switch {
	case r.phase != Drawing:
	case r.listed < r.entrants:
		r.scan(scanPiece)
	default:
		r.fill(drawPiece)
	}
}

// scan lists entrants among the next tickets.
func (r *Room) scan(piece uint32) {
	d := &r.draw
	if d.hash == nil {
		d.hash, d.list = sha256.New(), make([]uint32, 0, r.entrants)
	}
	for ; piece > 0 && r.listed < r.entrants; piece-- {
		r.scanned++
		n := r.scanned
		t := r.at(n)
		if t.is() != InLobby && t.state&entered == 0 {
			continue
		}
		t = r.own(n)
		r.sum -= t.sum(n)
		t.state |= entered
		r.sum += t.sum(n)
		r.list(t, n)
		r.listed++
	}
	if r.listed == r.entrants {
		d.hash.Sum(r.digest[:0])
		r.seedDraw()
	}
}

func (r *Room) list(t *ticket, n uint32) {
	_, _ = r.draw.hash.Write(t.id[:]) // a hash does not fail
	r.draw.list = append(r.draw.list, n)
}

func (r *Room) seedDraw() {
	r.draw.hash, r.draw.rng = nil, rand.NewChaCha8(drawKey(r.seed, r.digest))
}

func drawKey(seed, digest [32]byte) [32]byte {
	return sha256.Sum256(append(append([]byte("usher draw 1\n"), seed[:]...), digest[:]...))
}

// fill draws the next places.
func (r *Room) fill(piece uint32) {
	d := &r.draw
	for stop := min(r.entrants, r.drawn+piece); r.drawn < stop; {
		next := min(stop, r.drawn+warmed)
		d.warmth += shuffle(d.rng, d.list, r.drawn, next)
		for _, n := range d.list[r.drawn:next] {
			d.warmth += r.at(n).slot
		}
		for ; r.drawn < next; r.drawn++ {
			r.seat(d.list[r.drawn])
		}
	}
	r.version++
	if r.drawn == r.entrants {
		r.phase, r.draw = Line, drawing{}
	}
}

// shuffle does the steps from…to-1 of the draw. It draws some numbers ahead of their steps, and
// reads where they lead: so the reads wait for each other no more than the processor has to. What
// it returns says only that they were made.
func shuffle(rng *rand.ChaCha8, list []uint32, from, to uint32) (warmth uint32) {
	var with [warmed]uint32
	for from < to {
		n := min(to-from, warmed)
		for i := range n {
			at := from + i
			with[i] = at + uint32(below(rng, uint64(len(list))-uint64(at)))
			warmth += list[with[i]]
		}
		for i := range n {
			list[from+i], list[with[i]] = list[with[i]], list[from+i]
		}
		from += n
	}
	return warmth
}

// below draws evenly from 0…n-1.
func below(rng *rand.ChaCha8, n uint64) uint64 {
	hi, lo := bits.Mul64(rng.Uint64(), n)
	if lo < n {
		for odd := -n % n; lo < odd; {
			hi, lo = bits.Mul64(rng.Uint64(), n)
		}
	}
	return hi
}

// seat gives a ticket the next place of the draw in its lane.
func (r *Room) seat(n uint32) {
	t := r.own(n)
	l := &r.lanes[t.lane]
	r.sum -= t.sum(n)
	slot := l.filled
	l.filled++
	t.slot = slot
	r.sum += t.sum(n)
	l.put(slot, n)
	if t.is() != InLobby { // it left meanwhile
		l.ghosts--
		r.vacate(l, slot)
		return
	}
	l.want(slot, t.nights)
	r.countSet(t.nights.Set(), 1)
	r.move(n, Waiting)
}
