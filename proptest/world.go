package proptest

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/usherhq/usher/shard"
)

const runStart = int64(1_700_000_000_000)

// NewRun makes a small world: one to three events of 6 to 40 seats, some with settings
// that hurt (few keys, a sale that has not begun, high tokens).
func NewRun(d Dice, s Subject, onOp func(int64, Op)) (*Run, error) {
	x := &Run{gen: gen{Dice: d, m: NewModel()}, subject: s, now: runStart, stamp: runStart, OnOp: onOp}
	for i := range 1 + d.Roll(3) {
		if err := x.addEvent(i); err != nil {
			return nil, err
		}
	}
	return x, nil
}

func (x *Run) addEvent(i int) error {
	blob := fmt.Append(nil, "chart ", i)
	chart := &shard.ChartChunk{
		Sum: [32]byte{byte(i + 1)}, Blob: sha256.Sum256(blob), Seats: uint32(6 + x.Roll(35)), Size: uint32(len(blob)), Data: blob,
	}
	create := &shard.CreateEvent{
		ID: fmt.Sprintf("venue-%d:2026-01-01", i), Chart: chart.Sum, Epoch: [16]byte{1}, Secret: [32]byte{2},
		MaxKeys: pick[uint32](x.Dice, 0, 0, 4, 9), Meta: []byte("{}"),
	}
	if chance(x.Dice, 3) {
		create.OnsaleAt = runStart + 2_000
	}
	if chance(x.Dice, 3) {
		create.TokenBase = shard.MaxToken / 2
	}
	return errors.Join(x.Do(chart), x.Do(create))
}
