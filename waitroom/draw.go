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
		p, i := r.at(n)
		if p.is(i) != InLobby && p.state[i]&entered == 0 {
			continue
		}
		p, i = r.own(n)
		r.sum -= p.sum(n, i)
		p.state[i] |= entered
		r.sum += p.sum(n, i)
		r.list(p, i, n)
		r.listed++
	}
	if r.listed == r.entrants {
		d.hash.Sum(r.digest[:0])
		r.seedDraw()
	}
}

func (r *Room) list(p *ticketPage, i, n uint32) {
	_, _ = r.draw.hash.Write(p.id[i][:]) // a hash does not fail
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
	stop := min(r.entrants, r.drawn+piece)
	for ; r.drawn < stop; r.drawn++ {
		r.seat(drawNext(r.draw.rng, r.draw.list, r.drawn))
	}
	r.version++
	if r.drawn == r.entrants {
		r.phase, r.draw = Line, drawing{}
	}
}

// drawNext draws who stands at i.
func drawNext(rng *rand.ChaCha8, list []uint32, i uint32) uint32 {
	k := i + uint32(below(rng, uint64(len(list))-uint64(i)))
	list[i], list[k] = list[k], list[i]
	return list[i]
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
	p, i := r.own(n)
	l := &r.lanes[p.lane[i]]
	r.sum -= p.sum(n, i)
	slot := l.filled
	l.filled++
	p.slot[i] = slot
	r.sum += p.sum(n, i)
	l.put(slot, n)
	if p.is(i) != InLobby { // it left meanwhile
		l.ghosts--
		r.vacate(l, slot)
		return
	}
	l.want(slot, p.nights[i])
	r.countSet(p.nights[i].Set(), 1)
	r.move(n, Waiting)
}
