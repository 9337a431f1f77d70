package engine_test

import (
	"slices"
	"testing"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/transport/charts"
	"github.com/usherhq/usher/transport/charts/sample"
)

func TestAlternativesAreFreeNearAndTogether(t *testing.T) {
	e, id := open(t, engine.Config{})
	ctx := testContext(t)
	// Row B has ten seats of "circle": take the middle, ask for two there.
	if _, err := e.Hold(ctx, engine.HoldRequest{EventID: id, SeatIDs: []string{"B-5", "B-6"}, HolderID: "ada"}); err != nil {
		t.Fatal(err)
	}
	got, err := e.Alternatives(ctx, id, []string{"B-5", "B-6"}, 3)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || !slices.Equal(got[0], []string{"C-5", "C-6"}) {
		t.Fatalf("alternatives are %v", got)
	}
	seen := map[string]bool{}
	for _, g := range got {
		for _, seat := range g {
			if seen[seat] || seat == "B-5" || seat == "B-6" || seat[0] == 'A' {
				t.Errorf("%s in %v: it is taken, of another category, or proposed twice", seat, got)
			}
			seen[seat] = true
		}
		if _, err := e.Hold(ctx, engine.HoldRequest{EventID: id, SeatIDs: g, HolderID: "bob"}); err != nil {
			t.Errorf("%v was proposed: %v", g, err)
		}
	}
}

// BenchmarkAlternatives is one search of the whole real stadium.
func BenchmarkAlternatives(b *testing.B) {
	e, _ := open(b, engine.Config{})
	ctx := testContext(b)
	c, err := charts.Import(sample.Metalist, "csv", "")
	if err != nil {
		b.Fatal(err)
	}
	if _, _, err := e.PutChart(ctx, "metalist", c); err != nil {
		b.Fatal(err)
	}
	ev, err := e.CreateEvent(ctx, engine.EventSpec{VenueID: "metalist", EventDate: "2027-05-02", ChartID: "metalist"})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if got, err := e.Alternatives(ctx, ev.EventID, []string{"west-1-33-8", "west-1-33-9"}, 3); err != nil || len(got) != 3 {
			b.Fatal(got, err)
		}
	}
}
