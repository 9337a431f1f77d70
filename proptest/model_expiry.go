package proptest

import (
	"math"

	"github.com/usherhq/usher/shard"
)

// holdsTogether is how many holds, in order of their numbers, are forgotten together:
// when all of them have been granted and have ended, Retention after the last one.
const holdsTogether = 64

// expire does what is due, in order of the events and in each: answers that are old
// enough, then holds in order of their numbers; bundles come last.
func (m *Model) expire(now int64, c *shard.Expire, out *shard.Result) {
	left := int(c.Limit)
	for _, e := range m.Events {
		m.sweep(now, e, &left, out)
	}
	m.forgetBundles(now, left)
	out.More = m.Due() <= now
}

// endDue does all that is due in one event.
func (m *Model) endDue(now int64, e *ModelEvent) {
	left := math.MaxInt
	m.sweep(now, e, &left, &shard.Result{})
}

func (m *Model) sweep(now int64, e *ModelEvent, left *int, out *shard.Result) {
	for *left > 0 && len(e.Answers) > 0 && e.Answers[0].At+shard.Retention <= now {
		e.Answers = e.Answers[1:]
		*left--
	}
	for first := 0; first < len(e.Holds); first += holdsTogether {
		m.sweepHolds(now, e, e.together(first), left, out)
	}
	m.settle(now)
}

func (e *ModelEvent) together(first int) []*ModelHold {
	return e.Holds[first:min(first+holdsTogether, len(e.Holds))]
}

func (m *Model) sweepHolds(now int64, e *ModelEvent, holds []*ModelHold, left *int, out *shard.Result) {
	for _, h := range holds {
		if *left > 0 && h.lapsed(now) {
			m.end(now, e, h, shard.HoldExpired)
			out.Count++
			*left--
		}
	}
	if *left > 0 && forgettable(holds) <= now {
		for _, h := range holds {
			h.Forgotten = true
		}
		*left--
	}
}

// forgettable is when these holds are forgotten, math.MaxInt64 if that is not known yet.
func forgettable(holds []*ModelHold) int64 {
	if len(holds) < holdsTogether || holds[0].Forgotten {
		return math.MaxInt64
	}
	last := int64(0)
	for _, h := range holds {
		if h.State == shard.HoldHeld {
			return math.MaxInt64
		}
		last = max(last, h.EndedAt)
	}
	return last + shard.Retention
}

// Moments are all the times at which something is or will be due.
func (m *Model) Moments() []int64 {
	var at []int64
	for _, e := range m.Events {
		for _, a := range e.Answers {
			at = append(at, a.At+shard.Retention)
		}
		for _, h := range e.Holds {
			if h.State == shard.HoldHeld && h.Ends != pinned {
				at = append(at, h.Ends)
			}
		}
		for first := 0; first < len(e.Holds); first += holdsTogether {
			if t := forgettable(e.together(first)); t != math.MaxInt64 {
				at = append(at, t)
			}
		}
	}
	for first := 0; first < len(m.Bundles); first += bundlesTogether {
		if t := m.bundlesForgettable(first); t != math.MaxInt64 {
			at = append(at, t)
		}
	}
	return at
}

// Due is the first of the Moments.
func (m *Model) Due() int64 {
	due := int64(math.MaxInt64)
	for _, at := range m.Moments() {
		due = min(due, at)
	}
	return due
}
