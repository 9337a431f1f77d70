package proptest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/usherhq/usher/shard"
)

const runStart = int64(1_700_000_000_000)

// NewRun makes a small world: two nights of one drawn house, with standing areas and
// rules; and up to two events more of 6 to 40 seats, some without a plan, some with
// settings that hurt (few keys, a sale that has not begun, high tokens, limits).
func NewRun(d Dice, s Subject, onOp func(int64, Op)) (*Run, error) {
	x := &Run{gen: gen{Dice: d, m: NewModel()}, subject: s, now: runStart, stamp: runStart, OnOp: onOp}
	if onOp == nil { // else it is part of something that a restore would take apart
		x.highest = make(map[string]uint64)
	}
	err := x.addHouse(0, 2)
	if more := d.Roll(3); err == nil && more > 0 {
		err = x.addPlain(2)
		if err == nil && more > 1 {
			err = x.addHouse(3, 1)
		}
	}
	return x, err
}

func (x *Run) putChart(id byte, seats uint32, doc []byte) ([32]byte, error) {
	chart := &shard.ChartChunk{Sum: [32]byte{id}, Blob: sha256.Sum256(doc), Seats: seats, Size: uint32(len(doc)), Data: doc}
	return chart.Sum, x.Do(chart)
}

// addPlain makes an event as versions without plans did.
func (x *Run) addPlain(i int) error {
	chart, err := x.putChart(byte(i+1), uint32(6+x.Roll(35)), fmt.Append(nil, "chart ", i))
	return errors.Join(err, x.addEvent(i, chart, [32]byte{}, shard.Rules{PerHolder: pick[uint32](x.Dice, 0, 0, 0, 5)}))
}

// addHouse makes some events of one plan.
func (x *Run) addHouse(i, nights int) error {
	spec := drawHouse(uint64(x.Roll(1 << 12)))
	chart, err := x.putChart(byte(i+1), uint32(len(spec.Seats)), fmt.Append(nil, "chart ", i))
	plan, err2 := x.putChart(byte(i+101), uint32(len(spec.Seats)), spec.Encode())
	err = errors.Join(err, err2)
	for n := range nights {
		rules := shard.Rules{
			PerHolder: pick[uint32](x.Dice, 0, 0, 0, 8, 4), Orphans: pick(x.Dice, shard.OrphansAllow, shard.OrphansAllow, shard.OrphansAvoid, shard.OrphansForbid),
			Gated: chance(x.Dice, 6),
		}
		err = errors.Join(err, x.addEvent(i+n, chart, plan, rules))
	}
	return err
}

func (x *Run) addEvent(i int, chart, plan [32]byte, rules shard.Rules) error {
	create := &shard.CreateEvent{
		ID: fmt.Sprintf("venue-%d:2026-01-01", i), Chart: chart, Epoch: [16]byte{1}, Secret: [32]byte{2},
		MaxKeys: pick[uint32](x.Dice, 0, 0, 4, 9), Meta: []byte("{}"), Plan: plan, Rules: rules,
	}
	if chance(x.Dice, 5) {
		create.OnsaleAt = runStart + 2_000
	}
	if chance(x.Dice, 3) {
		create.TokenBase = shard.MaxToken / 2
	}
	return x.Do(create)
}

// drawHouse is a small plan with something of everything: rows of up to ten seats, with
// aisles, of two categories and sections, accessible and companion seats, equal distances,
// and up to two standing areas. Its dice are its own: a plan takes too many for a fuzzer.
func drawHouse(seed uint64) *shard.PlanSpec {
	r := rand.New(rand.NewPCG(seed, 7))
	s := &shard.PlanSpec{Categories: 2, Sections: 2, FocalX: r.Int32N(12), FocalY: r.Int32N(4)}
	for range r.IntN(3) {
		s.Areas = append(s.Areas, shard.PlanArea{Capacity: 1 + r.Uint32N(9), Category: uint16(r.IntN(2))})
	}
	special := r.IntN(3)
	for y := range 1 + r.IntN(4) {
		seat := shard.PlanSeat{Y: int32(y), Section: uint16(r.IntN(2))}
		for x := range 3 + r.IntN(8) {
			seat.Row, seat.X, seat.Aisle = x == 0, seat.X+1+r.Int32N(5)/4, x > 0 && r.IntN(6) == 0
			if r.IntN(5) == 0 {
				seat.Category = uint16(r.IntN(2))
			}
			seat.Accessible, seat.Companion = r.IntN(9) < special, r.IntN(9) < special
			s.Seats = append(s.Seats, seat)
		}
	}
	return s
}
