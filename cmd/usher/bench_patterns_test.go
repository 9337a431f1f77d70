package main

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/transport/charts"
	"github.com/usherhq/usher/transport/charts/sample"
)

func testHouse(t *testing.T) *patternHouse {
	t.Helper()
	c, err := charts.Import(sample.Metalist, "csv", "")
	if err != nil {
		t.Fatal(err)
	}
	return layHouse(nil, c)
}

// emptyView is the map before anybody came.
func emptyView(h *patternHouse) *patternView {
	m := &engine.SeatMap{Seats: len(h.ids), Packed: make([]byte, (len(h.ids)+3)/4), Chart: h.index}
	v := &patternView{seats: m}
	for _, r := range h.rows {
		v.room = append(v.room, longestRun(m, r))
	}
	return v
}

func (v *patternView) take(h *patternHouse, seats ...int) {
	for _, i := range seats {
		v.seats.Packed[i/4] |= 2 << (2 * (i % 4))
		v.room[h.rowOf[i]] = longestRun(v.seats, h.rows[h.rowOf[i]])
	}
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.Abs(got-want) > within {
		t.Errorf("%s: %.4f, want %.4f ± %v", what, got, want, within)
	}
}

// The parties are what --help says.
func TestPatternParties(t *testing.T) {
	const n = 200_000
	rng := rand.New(rand.NewPCG(1, 2))
	var count [5]float64
	for range n {
		count[partyOf(rng)]++
	}
	for size, want := range []float64{0, 0.2, 0.5, 0.1, 0.2} {
		near(t, "share", count[size]/n, want, 0.005)
	}
}

// Every seat stands in one row; the best rows are dear ones, and drawn by Zipf's law with
// its point off.
func TestPatternRows(t *testing.T) {
	h := testHouse(t)
	seen := 0
	for rank, r := range h.rows {
		for i := r.from; i < r.to; i++ {
			if int(h.rowOf[i]) != rank {
				t.Fatalf("seat %d of row %d is said to be in row %d", i, rank, h.rowOf[i])
			}
			seen++
		}
	}
	if seen != 39_616 || len(h.rows) != 1_453 {
		t.Fatalf("%d seats in %d rows", seen, len(h.rows))
	}
	for _, r := range h.rows[:20] {
		if c := h.index.Category(uint32(r.from)); c != "premium" {
			t.Errorf("one of the best rows is %s", c)
		}
	}
	const n = 400_000
	drawn := make([]float64, len(h.rows))
	rng := rand.New(rand.NewPCG(3, 4))
	for range n {
		drawn[h.drawRow(rng)]++
	}
	sum, first := 0.0, 0.0
	for rank := range drawn {
		sum += 1 / float64(rank+zipfShift)
	}
	for rank := range 100 {
		first += drawn[rank] / n
	}
	near(t, "the first hundred", first, math.Log(120.0/20)/math.Log(1473.0/20), 0.005)
	near(t, "the first row", drawn[0]/n, 1/float64(zipfShift)/sum, 0.002)
	if slices.Min(drawn) == 0 {
		t.Error("a row is never drawn")
	}
}

// A buyer's seats are free on the map, side by side in one row, and found wherever they are.
func TestPatternChoice(t *testing.T) {
	h := testHouse(t)
	v := emptyView(h)
	rng := rand.New(rand.NewPCG(5, 6))
	for seats, i := 0, 0; ; i++ {
		party := partyOf(rng)
		at := h.choose(rng, v, party, anyRow)
		if at == nil {
			if longest := slices.Max(v.room); int(longest) >= party {
				t.Fatalf("no seats for %d, though a row has %d", party, longest)
			}
			if party == 1 {
				t.Logf("%d buyers took %d seats, and nothing was left", i, seats)
				break
			}
			continue
		}
		if len(at) != party || at[len(at)-1]-at[0] != party-1 || h.rowOf[at[0]] != h.rowOf[at[party-1]] || !free(v.seats, at[0], party) {
			t.Fatalf("%v for %d", at, party)
		}
		v.take(h, at...)
		seats += party
	}
}

// Rows that are ruled out are drawn only when there is nothing else.
func TestPatternChoiceWants(t *testing.T) {
	h := testHouse(t)
	v := emptyView(h)
	rng := rand.New(rand.NewPCG(7, 8))
	dear := func(r rowSeats) bool { return h.index.Category(uint32(r.from)) == "premium" }
	not := 0
	for range 1000 {
		if at := h.choose(rng, v, 2, dear); h.index.Category(uint32(at[0])) != "premium" {
			not++
		}
	}
	if not > 100 {
		t.Errorf("%d of 1000 are where they would not go", not)
	}
	if h.choose(rng, v, 2, func(rowSeats) bool { return false }) == nil {
		t.Error("whoever likes nothing stays without")
	}
}

// The board keeps a map by changes; it must stay the one that a whole read gives.
func TestPatternBoard(t *testing.T) {
	ctx := context.Background()
	e, err := engine.Open(ctx, engine.Config{Dir: t.TempDir(), Groups: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	h, err := newPatternHouse(ctx, e)
	if err != nil {
		t.Fatal(err)
	}
	cmd := &benchPatternsCmd{Inside: 1, Clients: 1}
	s, err := h.open(ctx, cmd, cmd.saleKinds()[0], 0, newTurnstile())
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(9, 10))
	for round := range 20 {
		var version uint64
		for range 30 {
			v := s.board.view.Load()
			at := h.choose(rng, v, 1+rng.IntN(4), anyRow)
			b := &patternBuyer{patternSale: s}
			held, err := e.Hold(ctx, engine.HoldRequest{EventID: s.event, SeatIDs: b.names(at), HolderID: "x"})
			if err == nil {
				version = held.Version
			} else if !errors.Is(err, engine.ErrSeatsUnavailable) {
				t.Fatal(err)
			}
		}
		v, err := s.board.look(ctx, version)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := s.board.first(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if v.seats.Version != whole.seats.Version || !slices.Equal(v.seats.Packed, whole.seats.Packed) || !slices.Equal(v.room, whole.room) {
			t.Fatalf("round %d: the board's map is not the engine's", round)
		}
	}
}

func TestTurnstile(t *testing.T) {
	g := newTurnstile()
	token := g.enter("e", "ada")
	ask := func(event, holder, token string) error { return g.Admitted(context.Background(), event, holder, token) }
	if err := ask("e", "ada", token); err != nil {
		t.Error(err)
	}
	for what, err := range map[string]error{
		"another holder": ask("e", "bob", token), "another event": ask("f", "ada", token),
		"a forged token": ask("e", "ada", strings.Repeat("0", 64)), "another key": ask("e", "ada", newTurnstile().enter("e", "ada")),
	} {
		if !errors.Is(err, engine.ErrAdmissionInvalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
	g.leave("e", "ada")
	if err := ask("e", "ada", token); !errors.Is(err, engine.ErrAdmissionInvalid) {
		t.Errorf("after leaving: %v", err)
	}
}

// Medians are told of what is measured, and of what must not happen the sum; one is enough
// to fail.
func TestPatternsReport(t *testing.T) {
	cmd := &benchPatternsCmd{Over: time.Second, Rounds: 3}
	sale := func(attempts, seated, first int64) saleResult {
		return saleResult{
			saleCounts: saleCounts{attempts: attempts, buyers: 100, seated: seated, firstTry: first}, latency: newLatency(), granted: newLatency(), elapsed: time.Second,
		}
	}
	kinds := cmd.saleKinds()
	held := make([][]saleResult, len(kinds))
	for i := range held {
		held[i] = []saleResult{sale(300, 60, 50), sale(200, 90, 50), sale(250, 80, 50)}
	}
	held[1] = []saleResult{sale(100, 95, 90), sale(100, 95, 90), sale(100, 95, 90)}
	held[6] = []saleResult{sale(175, 90, 80), sale(175, 90, 80), sale(175, 90, 80)}
	r := cmd.sumUp(testHouse(t), kinds, held)
	if d := r.Patterns[0]; d.AttemptsPerBuyer != 2.5 || d.Conversion != 0.8 || d.AttemptsPerSecond != 250 || d.GaveUp != 20 {
		t.Errorf("%+v", d)
	}
	if r.FanOut != 0.15 || r.FanOutFirst != 0.4 || r.HeatRetries != 0.5 || r.HeatAdds != 0.1 {
		t.Errorf("fan-out %v %v, heat %v %v", r.FanOut, r.FanOutFirst, r.HeatRetries, r.HeatAdds)
	}
	var out lockedText
	if err := cmd.report(&term{out: &stickyWriter{w: &out}}, r); err != nil {
		t.Error(err)
	}
	held[4][2].doubles = 1
	if err := cmd.report(&term{out: &stickyWriter{w: &out}}, cmd.sumUp(testHouse(t), kinds, held)); err == nil || !strings.Contains(err.Error(), "queue: 1 seats were sold twice") {
		t.Errorf("a seat sold twice: %v", err)
	}
	held[4][2].doubles, held[5][0].lost = 0, 2
	if err := cmd.report(&term{out: &stickyWriter{w: &out}}, cmd.sumUp(testHouse(t), kinds, held)); err == nil {
		t.Error("two seats that the map knows nothing of are no error")
	}
}
