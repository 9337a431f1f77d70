package proptest

import (
	"testing"

	"pgregory.net/rapid"
)

// TestGroupsAgainstModel makes reservations over several groups, with crashes between any
// two steps, and wants every one to stand whole or not at all. Longer:
//
//	go test ./proptest -run GroupsAgainstModel -rapid.checks=100000
func TestGroupsAgainstModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		if _, err := PlayGroups(rolls{t}, 100); err != nil {
			t.Fatal(err)
		}
	})
}

// TestGroupsFromSeeds is the same without rapid, and longer; what must come about is
// counted, so there are never fewer runs than the counts were set for.
func TestGroupsFromSeeds(t *testing.T) {
	t.Parallel()
	tally := map[string]int{}
	for seed := range uint64(max(30, envInt("USHER_PROPTEST_SEEDS", 30))) {
		told, err := PlayGroups(Seeded(seed), 300)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for what, n := range told {
			tally[what] += n
		}
	}
	for what, least := range map[string]int{
		"decided 2": 50, "decided 3": 20, "ended as 2": 0, "ended as 3": 50, "ended as 4": 20, "ended as 5": 5, "a guest asked": 5,
		"prepare refused": 20, "commit too late": 3, "died at step 0": 3, "died at step 1": 5, "died at step 2": 3, "died at step 3": 3,
		"late *shard.Claim": 5, "late *shard.Decide": 5, "late *shard.Resolve": 5, "late *shard.Ack": 5, "late *shard.Begin": 5,
	} {
		if tally[what] < least {
			t.Errorf("%s: %d times, want %d", what, tally[what], least)
		}
	}
	t.Log(tally)
}

func FuzzGroups(f *testing.F) {
	for i := range 8 {
		f.Add([]byte{1, byte(i), 3, 20, 0, 1, 2, byte(i * 7), 9, 1, 0, 4, 4, 11, 2, byte(i * 3), 7, 5, 1, 1, 0, 14, 2, 19, 1, 8, 1, 6})
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d := &Tape{b}
		x, err := NewGroups(d)
		for err == nil && !d.Done() {
			err = x.Step()
		}
		if err == nil {
			err = x.Settle()
		}
		if err != nil {
			t.Fatal(err)
		}
	})
}
