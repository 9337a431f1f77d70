package router

import "time"

// State is an event's signals, each with its hysteresis. The zero value is a new event's,
// quiet.
type State struct {
	Flood         Latch // queue.rate
	PriorityFlood Latch // the same, for priority tiers
	Crush         Latch // queue.crush
	CrushRate     Latch // queue.crush_rate
	Slow          Latch // queue.latency_ms
	Series        Latch // lease.series
	Scarce        Latch // lease.series_left
	Stay          Latch // lease.stay
	Contested     Latch // skip_locked.contention
	Run           Latch // skip_locked.run
}

// Sense moves an event's state to now, unix milliseconds. Only the signals of in matter.
func Sense(in *Inputs, prev State, now int64, t *Table) State {
	dwell := t.dwell()
	next := func(l *Latch, b Band, x float64) { *l = l.next(b, x, now, dwell) }
	s := prev
	next(&s.Flood, t.Queue.Rate, in.AttemptRate)
	next(&s.PriorityFlood, t.Queue.priorityRate(), in.AttemptRate)
	next(&s.Crush, t.Queue.Crush, in.Contention)
	next(&s.CrushRate, t.Queue.CrushRate, in.AttemptRate)
	next(&s.Slow, t.Queue.Latency, milliseconds(in.LatencyP99))
	next(&s.Series, t.Lease.Series, in.Contention)
	next(&s.Scarce, t.Lease.SeriesLeft, in.Left)
	next(&s.Stay, t.Lease.Stay, in.Contention)
	next(&s.Contested, t.SkipLocked.Contention, in.Contention)
	next(&s.Run, t.SkipLocked.Run, in.Contention)
	return s
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
