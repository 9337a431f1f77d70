package router

import (
	"math"
	"testing"
	"time"
)

// threshold is a signal, and a request that it alone decides.
type threshold struct {
	name    string
	band    Band
	set     func(*Inputs, float64)
	in      Inputs
	on, off Pattern
}

func thresholds() []threshold {
	t := DefaultTable()
	contention := func(in *Inputs, x float64) { in.Contention = x }
	rate := func(in *Inputs, x float64) { in.AttemptRate = x }
	room, gold, crush, stay, show := quiet(), quiet(), quiet(), hotel(), residency()
	room.WaitingRoom = true
	gold.WaitingRoom, gold.Tier = true, "gold"
	crush.WaitingRoom, crush.Contention, crush.AttemptRate = true, 0.9, 60
	scarce := residency()
	scarce.Contention = 0
	run, one := broadway(), broadway()
	one.SeriesShows = t.SkipLocked.RunShows - 1
	return []threshold{
		{"queue.rate", t.Queue.Rate, rate, room, Queue, Direct},
		{"queue.rate, priority", t.Queue.priorityRate(), rate, gold, Queue, Direct},
		{"queue.crush", t.Queue.Crush, contention, crush, Queue, Direct},
		{"queue.crush_rate", t.Queue.CrushRate, rate, crush, Queue, Direct},
		{"queue.latency_ms", t.Queue.Latency, func(in *Inputs, x float64) { in.LatencyP99 = time.Duration(x * float64(time.Millisecond)) }, room, Queue, Direct},
		{"lease.series", t.Lease.Series, contention, show, Lease, Optimistic},
		{"lease.series_left", t.Lease.SeriesLeft, func(in *Inputs, x float64) { in.Left = x }, scarce, Lease, Optimistic},
		{"lease.stay", t.Lease.Stay, contention, stay, Lease, Optimistic},
		{"skip_locked.contention", t.SkipLocked.Contention, contention, one, SkipLocked, Direct},
		{"skip_locked.run", t.SkipLocked.Run, contention, run, SkipLocked, Direct},
	}
}

// beyond is a little on the leaving side of x.
func (c *threshold) beyond(x float64) float64 {
	if c.band.Enter < c.band.Leave {
		return x * 1.001
	}
	return x * 0.999
}

func (c *threshold) decide(x float64, prev State, now int64) (Pattern, State) {
	in := c.in
	c.set(&in, x)
	d, s := Decide(in, prev, now, DefaultTable())
	return d.Pattern, s
}

func TestEachThreshold(t *testing.T) {
	const dwell = 15_000
	for _, c := range thresholds() {
		t.Run(c.name, func(t *testing.T) {
			expect := func(what string, got, want Pattern) {
				t.Helper()
				if got != want {
					t.Errorf("%s: %s, want %s", what, got, want)
				}
			}
			got, s := c.decide(c.beyond(c.band.Enter), State{}, 1000)
			expect("not quite entered", got, c.off)
			got, s = c.decide(c.band.Enter, s, 2000)
			expect("entered", got, c.on)
			got, s = c.decide(c.beyond(c.band.Enter), s, 2000+dwell)
			expect("between, after the dwell time", got, c.on)
			got, s = c.decide(c.band.Leave, s, 3000+dwell)
			expect("at leave", got, c.on)
			got, _ = c.decide(c.beyond(c.band.Leave), s, 1999+dwell)
			expect("left within the dwell time", got, c.on)
			got, s = c.decide(c.beyond(c.band.Leave), s, 4000+dwell)
			expect("left", got, c.off)
			got, _ = c.decide(c.band.Enter, s, 3999+2*dwell)
			expect("entered within the dwell time", got, c.off)
			got, _ = c.decide(c.band.Enter, s, 4000+2*dwell)
			expect("entered again", got, c.on)
		})
	}
}

func TestWholeNumberThresholds(t *testing.T) {
	table := DefaultTable()
	for _, c := range []struct {
		name    string
		in      Inputs
		set     func(*Inputs, int)
		last    int // with which the first pattern is picked
		at, out Pattern
		step    int
	}{
		{"nights", residency(), func(in *Inputs, n int) { in.Nights = n }, table.Nights, Lease, Direct, -1},
		{"max_party", broadway(), func(in *Inputs, n int) { in.Party = n }, table.SkipLocked.MaxParty, SkipLocked, Direct, 1},
		{"run_shows", func() Inputs { in := broadway(); in.Contention = 0.1; return in }(),
			func(in *Inputs, n int) { in.SeriesShows = n }, table.SkipLocked.RunShows, SkipLocked, Direct, -1},
		{"free", broadway(), func(in *Inputs, n int) { in.Free = n }, 2, SkipLocked, Direct, -1},
	} {
		for n, want := range map[int]Pattern{c.last: c.at, c.last + c.step: c.out} {
			in := c.in
			c.set(&in, n)
			if d, _ := Decide(in, State{}, 1000, table); d.Pattern != want {
				t.Errorf("%s %d: %+v, want %s", c.name, n, d, want)
			}
		}
	}
}

// What swings around a threshold turns nothing, and what swings across a band turns at
// most once a dwell time.
func TestNoFlapping(t *testing.T) {
	for _, c := range thresholds() {
		t.Run(c.name, func(t *testing.T) {
			turns := func(a, b float64) (n int) {
				var s State
				last := c.off
				for i := range int64(600) { // ten minutes of seconds
					var got Pattern
					x := a
					if i%2 == 1 {
						x = b
					}
					if got, s = c.decide(x, s, 1000+i*1000); got != last {
						n++
					}
					last = got
				}
				return n
			}
			if n := turns(c.band.Enter, c.beyond(c.band.Enter)); n != 1 {
				t.Errorf("around enter it turned %d times", n)
			}
			if n := turns(c.band.Enter, c.band.Leave); n != 1 {
				t.Errorf("within the band it turned %d times", n)
			}
			if n := turns(c.band.Enter, c.beyond(c.band.Leave)); n < 2 || n > 41 {
				t.Errorf("across the band it turned %d times in 40 dwell times", n)
			}
		})
	}
}

// Requests of other shapes in between leave a decision as it is.
func TestShapesShareAState(t *testing.T) {
	var s State
	a, b := residency(), broadway()
	for i := range int64(100) {
		for _, in := range []Inputs{a, b} {
			in.Contention, in.AttemptRate, in.Left = 0.2+0.1*float64(i%2), 300, 0.5 // in the band of lease.series or above
			var d Decision
			d, s = Decide(in, s, 1000*i, DefaultTable())
			if i > 0 && (in.Nights == 3) != (d.Pattern == Lease) {
				t.Fatalf("second %d: %+v", i, d)
			}
		}
	}
}

func TestReasonsInHysteresis(t *testing.T) {
	table, in := DefaultTable(), residency()
	say := func(contention float64, s State, now int64) (string, State) {
		in.Contention = contention
		d, next := Decide(in, s, now, table)
		return string(d.Pattern) + ": " + d.Because, next
	}
	_, s := say(0.3, State{}, 1000)
	for _, c := range []struct {
		contention float64
		now        int64
		want       string
	}{
		{0.1, 2000, "lease: 3 nights at once: 10 % of attempts lost in the last 30 s, but at least 25 % in the last 15 s"},
		{0.2, 90_000, "lease: 3 nights at once: 20 % of attempts lost in the last 30 s, not yet below 15 %"},
		{0.1, 91_000, "optimistic: 3 nights at once: 10 % of attempts lost in the last 30 s, below 25 %"},
		{0.3, 92_000, "optimistic: 3 nights at once: 30 % of attempts lost in the last 30 s, but below 15 % in the last 15 s"},
		{math.NaN(), 93_000, "optimistic: 3 nights at once: NaN % of attempts lost in the last 30 s, below 25 %"},
	} {
		var got string
		if got, s = say(c.contention, s, c.now); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestClockThatWentBack(t *testing.T) {
	c := thresholds()[0]
	_, s := c.decide(c.band.Enter, State{}, 1e12)
	got, s := c.decide(0, s, 5e11)
	if got != c.on {
		t.Error("left at once")
	}
	if got, _ = c.decide(0, s, 5e11+15_000); got != c.off {
		t.Error("stays until the old time comes again")
	}
}
