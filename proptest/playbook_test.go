package proptest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/engine/chart"
	"github.com/usherhq/usher/transport/charts"
	"github.com/usherhq/usher/transport/charts/sample"
)

// stage is where a story of the playbook takes place: an engine, what is on, a clock that
// the story moves on, and books of its own on who was given what.
type stage struct {
	t      *testing.T
	ctx    context.Context
	engine *engine.Engine
	clock  *stageClock
	books  *books
	house  *chart.Index // of the chart last built
	shows  []string
}

// openStage opens an engine; the chart is what all shows of the story are held in.
func openStage(t *testing.T, cfg engine.Config, chartID string, c *chart.Chart) *stage {
	t.Helper()
	t.Parallel()
	s := &stage{t: t, clock: newStageClock(), books: newBooks()}
	var cancel context.CancelFunc
	s.ctx, cancel = context.WithTimeout(context.Background(), 3*time.Minute)
	t.Cleanup(cancel)
	cfg.Dir, cfg.Clock = t.TempDir(), s.clock
	var err error
	if s.engine, err = engine.Open(s.ctx, cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.engine.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	if _, _, err := s.engine.PutChart(s.ctx, chartID, c); err != nil {
		t.Fatal(err)
	}
	s.house = chart.NewIndex(c)
	return s
}

// stadiumChart is the real one, of 39,616 seats.
func stadiumChart(t *testing.T) *chart.Chart {
	t.Helper()
	c, err := charts.Import(sample.Metalist, "csv", "")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// show puts an event on sale.
func (s *stage) show(spec engine.EventSpec) string {
	s.t.Helper()
	ev, err := s.engine.CreateEvent(s.ctx, spec)
	if err != nil {
		s.t.Fatal(err)
	}
	s.shows = append(s.shows, ev.EventID)
	return ev.EventID
}

// block is n seats of a section, from its first row on.
func (s *stage) block(section string, n int) []string {
	s.t.Helper()
	from, to, ok := s.house.SectionRange(section)
	if !ok || int(to-from) < n {
		s.t.Fatalf("section %s has no %d seats", section, n)
	}
	ids := make([]string, n)
	for i := range ids {
		ids[i] = s.house.ID(from + uint32(i))
	}
	return ids
}

// category of a seat.
func (s *stage) category(seat string) string {
	i, ok := s.house.Find(seat)
	if !ok {
		s.t.Errorf("there is no seat %s", seat)
	}
	return s.house.Category(i)
}

// wordSpreads waits until the heat has felt so many lost seats of an event, and lets a
// little time pass, so that the router looks again.
func (s *stage) wordSpreads(event string, lost float64) {
	s.t.Helper()
	s.eventually("the heat of "+event, func() bool {
		r, err := s.engine.Heat(s.ctx, event, 0)
		return err == nil && r.Lost >= lost
	})
	s.clock.pass(2 * time.Second)
}

func (s *stage) eventually(what string, ok func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatal("never happened: " + what)
		}
	}
}

// closeBooks holds every show's map and counts against the story's own books.
func (s *stage) closeBooks() {
	s.t.Helper()
	for _, seat := range s.books.twice() {
		s.t.Errorf("%s was sold twice", seat)
	}
	for _, id := range s.shows {
		// Nights in other groups hear of a decision a moment after it was answered.
		why, until := s.differs(id), time.Now().Add(5*time.Second)
		for ; why != "" && time.Now().Before(until); why = s.differs(id) {
			time.Sleep(5 * time.Millisecond)
		}
		if why != "" {
			s.t.Fatalf("%s: %s", id, why)
		}
	}
}

// differs says in what the engine and the books differ.
func (s *stage) differs(event string) string {
	ev, err := s.engine.Event(s.ctx, event)
	if err != nil {
		return err.Error()
	}
	n := ev.Seats
	if sold := s.books.count(event); n.Held+n.Booked != sold || n.Available+sold != n.Total || n.Total != s.house.Len() {
		return fmt.Sprintf("%+v, the books have %d", n, sold)
	}
	m, err := s.engine.SeatMap(s.ctx, event, 0)
	if err != nil {
		return err.Error()
	}
	taken := 0
	for i := range m.Seats {
		if m.Status(i) == engine.SeatAvailable {
			continue
		}
		taken++
		if seat := m.Chart.ID(uint32(i)); !s.books.has(event, seat) {
			return fmt.Sprintf("seat %s is %s, and nobody's in the books", seat, m.Status(i))
		}
	}
	if sold := s.books.count(event); taken != sold {
		return fmt.Sprintf("%d seats are taken on the map, %d in the books", taken, sold)
	}
	return ""
}

// refused asks for something that is not to be had, and for this reason.
func (s *stage) refused(what string, want error, do func() error) {
	s.t.Helper()
	if err := do(); !errors.Is(err, want) {
		s.t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// must is for what cannot fail in a story.
func (s *stage) must(what string, err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("%s: %v", what, err)
	}
}

// says wants a routing of this pattern, for these reasons.
func (s *stage) says(r *engine.Routing, pattern engine.Mode, because ...string) {
	s.t.Helper()
	if r == nil || r.Pattern != pattern {
		s.t.Errorf("routing %+v, want %s", r, pattern)
		return
	}
	for _, reason := range because {
		if !strings.Contains(r.Because, reason) {
			s.t.Errorf("%s because %q, which says nothing of %q", pattern, r.Because, reason)
		}
	}
}

// stageClock is the machine's clock as a story has it: time stands still unless the story
// lets it pass, so that nothing depends on how quick the machine is. Only the heat ticks by
// itself, and the router looks at it when the story's clock has moved on.
type stageClock struct{ now atomic.Int64 }

var stageBegan = time.Date(2027, 4, 1, 9, 0, 0, 0, time.UTC)

func newStageClock() *stageClock {
	c := new(stageClock)
	c.pass(time.Minute)
	return c
}

func (c *stageClock) pass(d time.Duration)          { c.now.Add(int64(d)) }
func (c *stageClock) Monotonic() time.Duration      { return time.Duration(c.now.Load()) }
func (c *stageClock) Wall() time.Time               { return stageBegan.Add(c.Monotonic()) }
func (c *stageClock) Boot() (string, time.Duration) { return "boot", time.Hour + c.Monotonic() }
