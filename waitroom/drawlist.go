package waitroom

import (
	"crypto/sha256"
	"math/rand/v2"
)

// DrawInfo is what anyone may know of a room's draw.
type DrawInfo struct {
	Commitment [32]byte // SHA-256 of the seed
	Done       bool     // all places are drawn; what follows is zero before
	Seed       [32]byte
	Entrants   uint32   // who was in it
	Digest     [32]byte // SHA-256 of their ids, in order of their tickets
	At         int64    // when it began, unix ms
}

// Draw is what anyone may know of the draw.
func (r *Room) Draw() DrawInfo {
	d := DrawInfo{Commitment: sha256.Sum256(r.seed[:])}
	if r.drawAt != 0 && r.phase == Line {
		d.Done, d.Seed, d.Entrants, d.Digest, d.At = true, r.seed, r.entrants, r.digest, r.drawAt
	}
	return d
}

// Listed is one of the draw's list.
type Listed struct {
	ID    [16]byte
	Lane  uint8
	Place uint32 // in its lane, from 1
}

// Entrants calls each with the entrants among the tickets from from on (1 at first), in order,
// limit tickets at most, and returns where to go on; 0 at the end. Before the draw is done
// there are none.
func (r *Room) Entrants(from uint32, limit int, each func(Listed)) (next uint32) {
	if r.phase != Line || r.drawAt == 0 || from == 0 {
		return 0
	}
	for n := from; n <= r.scanned; n++ {
		if limit--; limit < 0 {
			return n
		}
		if t := r.at(n); t.state&entered != 0 {
			each(Listed{t.id, t.lane, t.slot + 1})
		}
	}
	return 0
}

// Redraw does a draw again from its seed and its list, and writes each one's place into the
// list. It returns the list's digest.
func Redraw(seed [32]byte, list []Listed) (digest [32]byte) {
	h := sha256.New()
	order := make([]uint32, len(list))
	for i := range list {
		_, _ = h.Write(list[i].ID[:]) // a hash does not fail
		order[i] = uint32(i)
	}
	h.Sum(digest[:0])
	rng := rand.NewChaCha8(drawKey(seed, digest))
	shuffle(rng, order, 0, uint32(len(order)))
	var places [256]uint32
	for _, i := range order {
		e := &list[i]
		places[e.Lane]++
		e.Place = places[e.Lane]
	}
	return digest
}
