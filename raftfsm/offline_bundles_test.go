package raftfsm

import (
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/usherhq/usher/shard"
)

// twoGroups is groups 1 and 2 with an event each, and a reservation over both.
type twoGroups struct {
	*testing.T
	states []*shard.State
	bundle uint32
	parts  []shard.Part
}

func newTwoGroups(t *testing.T) *twoGroups {
	w := &twoGroups{T: t, states: []*shard.State{nil, shard.New(), shard.New()}}
	blob := []byte("chart")
	for _, s := range w.states[1:] {
		if err := s.PutChart(&shard.ChartChunk{Sum: [32]byte{1}, Blob: sha256.Sum256(blob), Seats: 10, Size: uint32(len(blob)), Data: blob}); err != nil {
			t.Fatal(err)
		}
		w.do(func(out *shard.Result) {
			s.CreateEvent(s.Advance(1000), &shard.CreateEvent{ID: "hall:2027-01-01", Chart: [32]byte{1}}, out)
		})
	}
	w.bundle = w.do(func(out *shard.Result) {
		w.states[1].Begin(1000, &shard.Begin{Groups: []uint16{2}, Wait: 10_000}, out)
	}).Number
	w.prepare(1, shard.Txn{Bundle: w.bundle})
	w.prepare(2, shard.Txn{Home: 1, Bundle: w.bundle})
	w.parts[1].Group = 2
	return w
}

func (w *twoGroups) do(f func(*shard.Result)) (out shard.Result) {
	w.Helper()
	if f(&out); out.Err != nil {
		w.Fatal(out.Err)
	}
	return out
}

func (w *twoGroups) prepare(group int, txn shard.Txn) {
	out := w.do(func(out *shard.Result) {
		w.states[group].Claim(1000, &shard.Claim{Items: []shard.Item{{Seats: []uint32{1}}}, TTL: 60_000, Holder: []byte("ada"), Txn: txn}, out)
	})
	w.parts = append(w.parts, shard.Part{Hold: out.Number})
}

func (w *twoGroups) commit() {
	w.do(func(out *shard.Result) {
		w.states[1].Decide(1000, &shard.Decide{Bundle: w.bundle, Commit: true, TTL: 60_000, Parts: w.parts}, out)
	})
}

func (w *twoGroups) tell(state shard.BundleState) {
	w.do(func(out *shard.Result) {
		w.states[2].Resolve(1000, &shard.Resolve{Txn: shard.Txn{Home: 1, Bundle: w.bundle}, State: state}, out)
	})
}

// TestBundleProblems: what can come to be is none, what cannot is found.
func TestBundleProblems(t *testing.T) {
	book := func(w *twoGroups) {
		w.do(func(out *shard.Result) { w.states[1].Book(1000, &shard.Book{Hold: 1}, out) })
	}
	for name, c := range map[string]struct {
		do   func(w *twoGroups)
		want string
	}{
		"prepared":                {func(*twoGroups) {}, ""},
		"committed, not told":     {func(w *twoGroups) { w.commit() }, ""},
		"told":                    {func(w *twoGroups) { w.commit(); w.tell(shard.BundleHeld) }, ""},
		"booked, not told":        {func(w *twoGroups) { w.commit(); book(w) }, ""},
		"booked":                  {func(w *twoGroups) { w.commit(); book(w); w.tell(shard.BundleBooked) }, ""},
		"booked by nobody's word": {func(w *twoGroups) { w.commit(); w.tell(shard.BundleBooked) }, "group 2: bundle 1"},
		"ended by nobody's word":  {func(w *twoGroups) { w.commit(); w.tell(shard.BundleEnded) }, "group 2: bundle 1"},
		"held by nobody's word":   {func(w *twoGroups) { w.tell(shard.BundleHeld); w.states[1] = shard.New() }, "knows nothing"},
		"stands and is not there": {func(w *twoGroups) { w.commit(); w.states[2] = shard.New() }, "does not have hold 1"},
	} {
		w := newTwoGroups(t)
		c.do(w)
		got := strings.Join(bundleProblems(w.states), "\n")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
