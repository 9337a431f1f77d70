package proptest

import (
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// rolls is dice that rapid shrinks.
type rolls struct{ *rapid.T }

var rollers sync.Map // of *rapid.Generator[int], by n: making one costs more than a draw

func (d rolls) Roll(n int) int {
	g, ok := rollers.Load(n)
	if !ok {
		g, _ = rollers.LoadOrStore(n, rapid.IntRange(0, n-1))
	}
	return g.(*rapid.Generator[int]).Draw(d.T, "roll")
}

// TestShardAgainstModel runs random commands, times, retries and restores on shard and
// on the model, and compares all that can be read after each. Longer:
//
//	go test ./proptest -run ShardAgainstModel -rapid.checks=100000
func TestShardAgainstModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x, err := NewRun(rolls{t}, NewReal(), nil)
		if err != nil {
			t.Fatal(err)
		}
		actions := map[string]func(*rapid.T){"": func(t *rapid.T) {
			if err := x.Verify(); err != nil {
				t.Fatal(err)
			}
		}}
		for name, do := range x.Actions() {
			actions[name] = func(t *rapid.T) {
				x.Dice = rolls{t}
				if err := do(); err != nil {
					t.Fatal(err)
				}
			}
		}
		t.Repeat(actions)
		if err := x.thaw(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestShardFromSeeds is the same without rapid: longer runs, where holds are forgotten
// and tables wrap around. A failure names its seed.
func TestShardFromSeeds(t *testing.T) {
	t.Parallel()
	for seed := range uint64(envInt("USHER_PROPTEST_SEEDS", 25)) {
		if err := Play(Seeded(seed), NewReal(), 300); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// FuzzShard lets coverage steer the same generators.
func FuzzShard(f *testing.F) {
	for i := range 8 {
		f.Add([]byte{byte(i), 3, 20, 0, 1, 2, byte(i * 7), 9, 1, 0, 4, 4, 11, 2, byte(i * 3), 7, 5, 1, 1, 0, 14, 2, 19, 1, 8, 1, 6})
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d := &Tape{b}
		x, err := NewRun(d, NewReal(), nil)
		for err == nil && !d.Done() {
			err = x.Step()
		}
		if err == nil {
			err = x.thaw()
		}
		if err != nil {
			t.Fatal(err)
		}
	})
}
