package main

import (
	"context"
	"math/rand/v2"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/engine/chart"
	"github.com/usherhq/usher/transport/charts"
	"github.com/usherhq/usher/transport/charts/sample"
)

// TestDemoTryLines runs what the demo tells people to try, in a shell, and wants what it
// promises.
func TestDemoTryLines(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl here to try it with")
	}
	ctx, cancel := context.WithCancel(context.Background())
	var out, errs lockedText
	done := make(chan int)
	go func() {
		done <- run(ctx, []string{"demo", "--listen", "127.0.0.1:0", "--admin-listen", "off"}, nil, &out, &errs)
	}()
	defer func() {
		cancel()
		if code := <-done; code != 0 {
			t.Errorf("exit code %d: %s", code, &errs)
		}
	}()
	for until := time.Now().Add(30 * time.Second); !strings.Contains(out.String(), "Ctrl-C"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("it says only %q, %q", &out, &errs)
		}
	}
	lines := regexp.MustCompile(`(?m)^  (HOLD=.*|curl .*)$`).FindAllString(out.String(), -1)
	if len(lines) != 3 {
		t.Fatalf("lines to try: %q", lines)
	}
	lines = append(lines, lines[2]) // booking twice
	answers, err := exec.Command("sh", "-c", strings.Join(lines, "\necho\n")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, answers)
	}
	for _, want := range []string{`"status":"held"`, `seats_unavailable`, `"status":"booked"`, `already_booked`} {
		if !strings.Contains(string(answers), want) {
			t.Errorf("%s is not in the answers:\n%s", want, answers)
		}
	}
}

// stadium is the sample's chart, all free.
func stadium(t *testing.T) *engine.SeatMap {
	t.Helper()
	c, err := charts.Import(sample.Metalist, "csv", "")
	if err != nil {
		t.Fatal(err)
	}
	x := chart.NewIndex(c)
	return &engine.SeatMap{Seats: x.Len(), Packed: make([]byte, (x.Len()+3)/4), Chart: x}
}

func book(m *engine.SeatMap, seat int) { m.Packed[seat/4] |= 2 << (2 * (seat % 4)) }

// TestTaste fills the stadium party by party: seats are free, side by side in one row,
// and never those kept for the examples.
func TestTaste(t *testing.T) {
	m := stadium(t)
	taste := newTaste(m.Chart)
	spare := spareSeats(m)
	rng := rand.New(rand.NewPCG(1, 2))
	sold, now := 0, time.Unix(1_700_000_000, 0)
	for i := range 20_000 {
		party := 1 + i%6
		now = now.Add(time.Second)
		seats := taste.choose(rng, now, m, party)
		if seats == nil {
			continue
		}
		if len(seats) != party {
			t.Fatalf("%d seats for %d", len(seats), party)
		}
		from, to := m.Chart.RowRange(uint32(seats[0]))
		for j, seat := range seats {
			if seat != seats[0]+j || uint32(seat) < from || uint32(seat) >= to {
				t.Fatalf("party %v is not side by side in a row of %d…%d", seats, from, to)
			}
			if m.Status(seat) != engine.SeatAvailable || slices.Contains(spare[:], m.Chart.ID(uint32(seat))) {
				t.Fatalf("seat %s was not theirs to choose", m.Chart.ID(uint32(seat)))
			}
			book(m, seat)
			sold++
		}
	}
	if share := float64(sold) / float64(m.Seats); share < 0.6 || soldShare(m) != share {
		t.Errorf("%.2f of the stadium was sold, soldShare says %.2f: the demo would stand still before", share, soldShare(m))
	}
}

// The examples' seats are free ones as long as there are any.
func TestSpareSeats(t *testing.T) {
	m := stadium(t)
	book(m, m.Seats-1)
	if got, want := spareSeats(m), [2]string{m.Chart.ID(uint32(m.Seats - 3)), m.Chart.ID(uint32(m.Seats - 2))}; got != want {
		t.Errorf("spare seats %q, want %q", got, want)
	}
	from, to := m.Chart.RowRange(uint32(m.Seats - 1))
	for i := from; i < to; i++ {
		book(m, int(i))
	}
	if got := spareSeats(m); got[1] != m.Chart.ID(to-1) {
		t.Errorf("with none free: %q", got)
	}
}

// TestCrowdRate: on average, after the rush, as many buyers come as were asked for.
func TestCrowdRate(t *testing.T) {
	c := newCrowd(nil, nil, 40)
	sum, n := 0.0, 0
	for at := 30 * time.Minute; at < 40*time.Minute; at += 100 * time.Millisecond {
		sum, n = sum+c.rateAt(at), n+1
	}
	if mean := sum / float64(n); mean < 39 || mean > 41 {
		t.Errorf("%.1f buyers a second on average, want 40", mean)
	}
	if now := c.rateAt(10 * time.Second); now < 80 {
		t.Errorf("%.1f a second at the beginning: that is no rush", now)
	}
	c.setPace(0.5)
	if got, want := c.rateAt(30*time.Minute+10*time.Second), sum/float64(n); got >= want {
		t.Errorf("at half the pace %.1f come a second", got)
	}
}

// TestBudget: a process that needs too much slows down, and comes back.
func TestBudget(t *testing.T) {
	var b budget
	b.start()
	b.cores = 10
	slow := b.measure()
	if slow >= 1 {
		t.Errorf("pace %v at ten cores", slow)
	}
	for range 200 {
		b.cores = 0
		b.last, b.lastCPU = time.Now().Add(-time.Second), processCPU()
		slow = b.measure()
	}
	if slow != 1 {
		t.Errorf("pace %v after a quiet while", slow)
	}
}
