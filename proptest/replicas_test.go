package proptest

import (
	"math/rand/v2"
	"testing"
)

// TestReplicas runs groups of two to four followers from seeds. The seed that fails is
// printed, and runs again alone with
//
//	USHER_PROPTEST_SEED=<seed> go test ./proptest -run TestReplicas
func TestReplicas(t *testing.T) {
	t.Parallel()
	if seed := envInt("USHER_PROPTEST_SEED", -1); seed >= 0 {
		replay(t, uint64(seed))
		return
	}
	for seed := range uint64(envInt("USHER_PROPTEST_SEEDS", 30)) {
		replay(t, seed)
	}
	for range envInt("USHER_PROPTEST_SEEDS", 30) {
		replay(t, uint64(rand.Uint32()))
	}
}

func replay(t *testing.T, seed uint64) {
	t.Helper()
	if err := Simulate(seed, 2+int(seed%3), 400, nil); err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
}

// The same seed gives the same run, or printing it would help nobody.
func TestReplicasReplay(t *testing.T) {
	run := func() (*Replicas, error) {
		r, err := NewReplicas(Seeded(42), 3)
		for i := 0; err == nil && i < 300; i++ {
			err = r.Step()
		}
		return r, err
	}
	a, errA := run()
	b, errB := run()
	if errA != nil || errB != nil {
		t.Fatal(errA, errB)
	}
	if len(a.digests) < 50 || len(a.digests) != len(b.digests) || len(a.log) != len(b.log) {
		t.Fatalf("%d and %d digests, %d and %d entries", len(a.digests), len(b.digests), len(a.log), len(b.log))
	}
	for i := range a.digests {
		if a.digests[i] != b.digests[i] {
			t.Fatalf("index %d: digests %x and %x", i, a.digests[i], b.digests[i])
		}
	}
}
