package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/engine/chart"
)

const (
	onsaleTick  = 10 * time.Millisecond
	lookEvery   = 40 * time.Millisecond  // at the room
	mapEvery    = 200 * time.Millisecond // of what people see of the seats
	lobbyStep   = 10 * second            // of the clock, until shortly before the opening
	saleEnds    = 3 * 60 * minute        // whatever is left then
	checkEvery  = minute                 // who waits thinks it over; less often in a large crowd
	checkCrowd  = 500_000
	booked      = math.MaxInt64 // of a seat's until
	onsaleVenue = "wembley"
)

// onsale is one sale of the three nights. All but the errands is the director's, one goroutine.
type onsale struct {
	engine  *engine.Engine
	clock   *benchClock
	cmd     *benchOnsaleCmd
	opens   time.Time
	events  []string     // by night
	line    *engine.Line // nil: there is no waiting room
	index   *chart.Index
	rng     *rand.Rand
	fans    []fan
	diary   diary
	byNo    []uint32 // ticket → person
	pending []uint32 // who joins next
	queue   []*errand
	under   int // errands that are not answered yet
	runners *runners
	tokens  map[uint32]string     // of who is inside
	holds   map[uint32]*errand    // of who decides
	until   [onsaleNights][]int64 // the ledger: until when each seat is somebody's, unix ms
	maps    [onsaleNights]*engine.SeatMap
	free    [onsaleNights]int // on the map
	seenAt  time.Time         // the maps
	looked  time.Time         // at the room
	drawn   bool
	room    engine.WaitingRoom
	admits  []int64 // when somebody was admitted, unix ms
	latency *hdrhistogram.Histogram
	perSec  map[int64]int // arrivals
	onsaleCounts
}

// onsaleCounts is what happened.
type onsaleCounts struct {
	attempts, refused, errors, doubles  int64
	first                               error
	sold                                [onsaleNights]int
	leftLobby, leftLine, lapsed, wasted int64 // wasted: came in, and bought nothing
	noSeats                             int64 // of wasted, or of who came without a room: nothing was left
	admitted, buyers, people            int64
	insideMost, overActive              int
	etas, etasWithin                    int
	etaErrors                           []float64
	noneFree, soldOut                   int64 // since the opening; 0: never
	ended                               string
	lost                                int64
	elapsed                             time.Duration
}

func fanName(who uint32) string { return "fan-" + strconv.Itoa(int(who)) }

func newOnsale(ctx context.Context, e *engine.Engine, clock *benchClock, c *benchOnsaleCmd, gated bool) (*onsale, error) {
	s := &onsale{
		engine: e, clock: clock, cmd: c, rng: rand.New(rand.NewPCG(c.Seed, 2)), fans: newCrowdOf(c.Scale, c.Seed),
		tokens: map[uint32]string{}, holds: map[uint32]*errand{}, latency: newLatency(), perSec: map[int64]int{}, byNo: make([]uint32, 1),
	}
	seats := c.seats()
	layout := benchChart(seats)
	if _, _, err := e.PutChart(ctx, "onsale", layout); err != nil {
		return nil, err
	}
	s.index = chart.NewIndex(layout)
	s.opens = clock.Wall().Add(time.Duration(lobbyOpens+minute) * time.Millisecond).Truncate(time.Millisecond)
	series := "open"
	if gated {
		series, s.room = "gated", c.roomOf()
	}
	for night := range onsaleNights {
		spec := engine.EventSpec{
			VenueID: onsaleVenue, EventDate: s.opens.UTC().AddDate(0, 6, night).Format(time.DateOnly), ShowTime: showTimes[series], ChartID: "onsale",
			Series: series, OnsaleAt: &s.opens, HoldSeconds: holdSeconds, Limits: &engine.Limits{PerHolder: onsaleHolder},
		}
		if gated {
			spec.WaitingRoom = &s.room
		}
		ev, err := e.CreateEvent(ctx, spec)
		if err != nil {
			return nil, err
		}
		s.events = append(s.events, ev.EventID)
		s.until[night] = make([]int64, seats)
	}
	for i := range s.fans {
		s.diary.add(int64(s.fans[i].arrives), uint32(i), toArrive)
	}
	if !gated {
		return s, nil
	}
	var err error
	s.line, err = e.LineOf(ctx, s.events[0])
	return s, err
}

var showTimes = map[string]string{"gated": "19:00", "open": "21:00"}

// now is the time since the opening.
func (s *onsale) now() int64 { return s.clock.Wall().Sub(s.opens).Milliseconds() }

// run holds the sale until all is sold, nobody wants anything any more, or the time is up.
func (s *onsale) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.runners = newRunners(ctx, s)
	defer s.runners.close()
	defer cancel() // before the runners are waited for
	start := time.Now()
	tick := time.NewTicker(onsaleTick)
	defer tick.Stop()
	for s.ended == "" {
		if err := s.step(ctx); err != nil {
			return err
		}
		if s.ended == "" && time.Since(start) > s.cmd.MaxTime {
			s.ended = "the time was up"
		}
		if s.hurries() {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	s.elapsed = time.Since(start)
	if err := s.finish(ctx); err != nil {
		return err
	}
	return s.first
}

// hurries steps the clock through the time before the opening, where nothing but joins
// happens, as fast as those are answered.
func (s *onsale) hurries() bool {
	now := s.now()
	if now > -2*lobbyStep || s.under > 0 || len(s.queue) > 0 {
		return false
	}
	s.clock.reach(s.clock.Monotonic() + time.Duration(lobbyStep)*time.Millisecond)
	return true
}

// step does what is due.
func (s *onsale) step(ctx context.Context) error {
	s.collect()
	if s.errors > 0 {
		return fmt.Errorf("%d calls failed, the first with: %w", s.errors, s.first)
	}
	if err := errors.Join(ctx.Err(), s.engine.Err()); err != nil {
		return err
	}
	now := s.now()
	if now >= 0 {
		if err := s.lookAround(ctx, now); err != nil {
			return err
		}
	}
	if err := s.follow(now); err != nil {
		return err
	}
	s.sendJoins()
	s.dispatch()
	s.judge(now)
	return nil
}

// lookAround refreshes what people see.
func (s *onsale) lookAround(ctx context.Context, now int64) error {
	if time.Since(s.seenAt) >= mapEvery {
		for night, id := range s.events {
			m, err := s.engine.SeatMap(ctx, id, 0)
			if err != nil {
				return err
			}
			s.maps[night], s.free[night] = m, countFree(m)
		}
		s.seenAt = time.Now()
		if s.noneFree == 0 && s.free == [onsaleNights]int{} {
			s.noneFree = now
		}
	}
	if s.line == nil || time.Since(s.looked) < lookEvery {
		return nil
	}
	s.looked = time.Now()
	return s.lookAtRoom(now)
}

func countFree(m *engine.SeatMap) (n int) {
	for i := range m.Seats {
		if m.Status(i) == engine.SeatAvailable {
			n++
		}
	}
	return n
}

// judge tells whether the sale is over.
func (s *onsale) judge(now int64) {
	left := len(s.until[0]) * onsaleNights
	for _, n := range s.sold {
		left -= n
	}
	switch {
	case left == 0:
		s.soldOut, s.ended = now, "all seats are sold"
	case len(s.diary) == 0 && s.under == 0 && len(s.queue) == 0 && len(s.pending) == 0 && now > 0 && !s.expecting():
		s.ended = "nobody wants anything any more"
	case now > saleEnds:
		s.ended = "the sale was closed"
	}
}

// expecting tells whether people wait who may still be admitted.
func (s *onsale) expecting() bool {
	waiting := 0
	if s.line != nil && s.line.View(func(v engine.LineView) {
		lobby, line := v.Crowd()
		waiting = lobby + line
	}) == nil {
		return waiting > 0
	}
	return false
}

// dispatch hands errands to runners that are free.
func (s *onsale) dispatch() {
	for len(s.queue) > 0 {
		select {
		case s.runners.todo <- s.queue[0]:
			s.queue = s.queue[1:]
			s.under++
		default:
			return
		}
	}
}

func (s *onsale) collect() {
	for {
		select {
		case x := <-s.runners.done:
			s.under--
			s.answered(x)
		default:
			return
		}
	}
}

// finish holds the ledger against the map.
func (s *onsale) finish(ctx context.Context) error {
	for until := time.Now().Add(answerTime); s.under > 0 && time.Now().Before(until); time.Sleep(onsaleTick) {
		s.collect()
	}
	var err error
	s.lost, err = settled(ctx, time.Now().Add(settle), s.differing)
	return err
}

// differing counts the seats that are booked on the map and not in the ledger, or the other way
// round.
func (s *onsale) differing(ctx context.Context) (n int64, err error) {
	for night, id := range s.events {
		m, err := s.engine.SeatMap(ctx, id, 0)
		if err != nil {
			return 0, err
		}
		for i := range m.Seats {
			if (m.Status(i) == engine.SeatBooked) != (s.until[night][i] == booked) {
				n++
			}
		}
	}
	return n, nil
}
