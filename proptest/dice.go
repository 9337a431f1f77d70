package proptest

import "math/rand/v2"

// Dice is where chance comes from, so that the same generators serve rapid (which
// shrinks), a seed (which replays) and the fuzzer's bytes (which are steered by coverage).
type Dice interface {
	// Roll returns a number from 0 to n-1; n is at least 1.
	Roll(n int) int
}

type seeded struct{ *rand.Rand }

// Seeded is dice that a seed replays.
func Seeded(seed uint64) Dice { return seeded{rand.New(rand.NewPCG(seed, 0x75736865))} }

func (d seeded) Roll(n int) int { return d.IntN(n) }

// Tape is dice that read a fuzzer's bytes; behind the last byte it rolls zeros.
type Tape struct{ Bytes []byte }

// Roll takes one byte, or two where one does not reach.
func (d *Tape) Roll(n int) int {
	v := d.next()
	if n > 256 {
		v = v<<8 | d.next()
	}
	return v % n
}

// Done tells that no byte is left.
func (d *Tape) Done() bool { return len(d.Bytes) == 0 }

func (d *Tape) next() int {
	if d.Done() {
		return 0
	}
	v := d.Bytes[0]
	d.Bytes = d.Bytes[1:]
	return int(v)
}

// chance is true once in n.
func chance(d Dice, n int) bool { return d.Roll(n) == n-1 }

func pick[T any](d Dice, from ...T) T { return from[d.Roll(len(from))] }
