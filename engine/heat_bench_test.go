package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/engine/chart"
)

// BenchmarkHeat is what counting contention costs a claim: the same claims on two engines
// of which one counts, in turns. "ratio" is the median time of a round with over that
// without, "cpu-ratio" the same of processor time, which a busy machine distorts less. One
// iteration is a round on each: -benchtime 15x.
func BenchmarkHeat(b *testing.B) {
	b.Run("won", func(b *testing.B) {
		benchHeat(b, func(h *heatHouse, n int) error { return h.claim(h.fresh, n) })
	})
	b.Run("refused", func(b *testing.B) {
		benchHeat(b, func(h *heatHouse, n int) error {
			err := h.claim(h.sold, n*7919%heatRound)
			if errors.Is(err, engine.ErrSeatsUnavailable) {
				return nil
			}
			return fmt.Errorf("a claim of a held seat: %v", err)
		})
	})
}

const (
	heatRound   = 20_000 // claims, and seats of an event
	heatCallers = 256
)

// heatHouse is an engine, an event whose seats are all held, and one to claim seats of.
type heatHouse struct {
	b      *testing.B
	e      *engine.Engine
	ids    [][]string
	sold   string
	fresh  string
	events int
}

func benchHeat(b *testing.B, claim func(h *heatHouse, n int) error) {
	houses := []*heatHouse{newHeatHouse(b, true), newHeatHouse(b, false)} // without, with
	took, cpu := make([][]float64, 2), make([][]float64, 2)
	for round := 0; b.Loop(); round++ {
		for turn := range houses {
			i := (round + turn) % 2 // who goes first goes second next time
			houses[i].open()
			used := cpuTime(b)
			took[i] = append(took[i], houses[i].run(claim).Seconds())
			cpu[i] = append(cpu[i], cpuTime(b)-used)
		}
	}
	without, with := median(took[0]), median(took[1])
	b.ReportMetric(0, "ns/op") // of two rounds: says nothing
	b.ReportMetric(with/without, "ratio")
	b.ReportMetric(median(cpu[1])/median(cpu[0]), "cpu-ratio")
	b.ReportMetric(heatRound/without, "without/s")
	b.ReportMetric(heatRound/with, "with/s")
}

// cpuTime is what the process has used so far, in seconds.
func cpuTime(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}

func newHeatHouse(b *testing.B, off bool) *heatHouse {
	h := &heatHouse{b: b, ids: make([][]string, heatRound)}
	h.e, _ = open(b, engine.Config{Groups: 1, HeatOff: off})
	c := &chart.Chart{Name: "bench", Categories: []chart.Category{{Name: "c"}}}
	for s := range heatRound / 500 {
		section := chart.Section{Name: fmt.Sprint(s)}
		for r := range 20 {
			row := chart.Row{Name: fmt.Sprint(r)}
			for n := range 25 {
				id := fmt.Sprintf("%d-%d-%d", s, r, n)
				h.ids[s*500+r*25+n] = []string{id}
				row.Seats = append(row.Seats, chart.Seat{SeatID: id, Number: fmt.Sprint(n), Category: "c"})
			}
			section.Rows = append(section.Rows, row)
		}
		c.Sections = append(c.Sections, section)
	}
	if _, _, err := h.e.PutChart(context.Background(), "bench", c); err != nil {
		b.Fatal(err)
	}
	h.open()
	h.sold = h.fresh
	h.run(func(h *heatHouse, n int) error { return h.claim(h.sold, n) })
	return h
}

// open puts an event on sale.
func (h *heatHouse) open() {
	h.events++
	ev, err := h.e.CreateEvent(context.Background(), engine.EventSpec{VenueID: fmt.Sprint("v", h.events), EventDate: "2027-01-01", ChartID: "bench"})
	if err != nil {
		h.b.Fatal(err)
	}
	h.fresh = ev.EventID
}

func (h *heatHouse) claim(event string, seat int) error {
	_, err := h.e.Hold(context.Background(), engine.HoldRequest{EventID: event, SeatIDs: h.ids[seat], HolderID: "holder-12", TTL: time.Hour})
	return err
}

// run makes a round of claims and says how long it took.
func (h *heatHouse) run(claim func(h *heatHouse, n int) error) time.Duration {
	var next atomic.Int64
	var callers sync.WaitGroup
	start := time.Now()
	for range heatCallers {
		callers.Go(func() {
			for n := int(next.Add(1)) - 1; n < heatRound; n = int(next.Add(1)) - 1 {
				if err := claim(h, n); err != nil {
					h.b.Error(err)
					return
				}
			}
		})
	}
	callers.Wait()
	return time.Since(start)
}
