package proptest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/usherhq/usher/engine"
)

// buyers are a crowd that comes at once.
type buyers struct {
	name  string
	count int
	// wants is what buyer i asks for; the holder is filled in.
	wants func(i int) engine.HoldRequest
	// door is where they wait to be let in; nil: nowhere.
	door *door
	// again is what a buyer who was refused asks for then; nil: they go home.
	again func(i, try int, refusal error) (r engine.HoldRequest, ok bool)
}

// turnout is what became of a crowd.
type turnout struct {
	s        *stage
	who      buyers
	mu       sync.Mutex
	holds    []engine.Hold // of those who got what they wanted
	attempts int
	refusals []error // each attempt's that was refused
	home     []int   // who left without
	routings []*engine.Routing
}

// atOnce is how many of a crowd are served at the same time.
const atOnce = 64

// comes lets a crowd in. What it is given goes into the books.
func (s *stage) comes(b buyers) *turnout {
	s.t.Helper()
	o := &turnout{s: s, who: b}
	var wg sync.WaitGroup
	var next atomic.Int64
	for range min(atOnce, b.count) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < b.count; i = int(next.Add(1)) - 1 {
				o.buy(i)
			}
		})
	}
	wg.Wait()
	s.t.Logf("%s: %d of %d served, %d attempts", b.name, len(o.holds), b.count, o.attempts)
	return o
}

func (o *turnout) buy(i int) {
	r := o.who.wants(i)
	holder, token := fmt.Sprintf("%s-%d", o.who.name, i), ""
	if o.who.door != nil {
		var leave func()
		token, leave = o.who.door.enter(holder)
		defer leave()
	}
	for try := 1; ; try++ {
		r.HolderID, r.AdmissionToken = holder, token
		h, err := o.s.engine.Hold(o.s.ctx, r)
		if o.note(i, h, err) {
			return
		}
		ok := false
		if o.who.again != nil {
			r, ok = o.who.again(i, try, err)
		}
		if !ok {
			o.leave(i)
			return
		}
	}
}

// note records an attempt; true: it was granted.
func (o *turnout) note(i int, h engine.Hold, err error) bool {
	if err == nil {
		o.s.books.enter(h)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.attempts++
	if h.Routing != nil {
		o.routings = append(o.routings, h.Routing)
	}
	if err == nil {
		o.holds = append(o.holds, h)
		return true
	}
	if engine.OutcomeOf(err) != engine.OutcomeNotApplied {
		o.s.t.Errorf("%s-%d: %v", o.who.name, i, err)
	}
	o.refusals = append(o.refusals, err)
	return false
}

func (o *turnout) leave(i int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.home = append(o.home, i)
}

// served wants so many to have got what they wanted, and the rest to have been refused
// for this reason.
func (o *turnout) served(n int, refusal error) *turnout {
	o.s.t.Helper()
	if len(o.holds) != n || len(o.holds)+len(o.home) != o.who.count {
		o.s.t.Errorf("%s: %d of %d were served, %d went home; want %d served", o.who.name, len(o.holds), o.who.count, len(o.home), n)
	}
	for _, err := range o.refusals {
		if !errors.Is(err, refusal) {
			o.s.t.Fatalf("%s: refused with %v, want %v", o.who.name, err, refusal)
		}
	}
	return o
}

// all is served by everyone, if need be not at once.
func (o *turnout) all(refusal error) *turnout {
	o.s.t.Helper()
	return o.served(o.who.count, refusal)
}

// routed wants every attempt to have been made by this pattern, for these reasons.
func (o *turnout) routed(pattern engine.Mode, because ...string) *turnout {
	o.s.t.Helper()
	if len(o.routings) != o.attempts {
		o.s.t.Errorf("%s: %d of %d attempts say how they were routed", o.who.name, len(o.routings), o.attempts)
	}
	for _, r := range o.routings {
		if o.s.says(r, pattern, because...); o.s.t.Failed() {
			break
		}
	}
	return o
}

// substituted counts who got other seats than wanted; each must be worth the same.
func (o *turnout) substituted() (n int) {
	for _, h := range o.holds {
		for _, x := range h.Substituted {
			if o.s.category(x.Wanted) != o.s.category(x.Got) || !slices.Contains(h.SeatIDs, x.Got) || slices.Contains(h.SeatIDs, x.Wanted) {
				o.s.t.Errorf("%s for %s, of %v", x.Got, x.Wanted, h.SeatIDs)
			}
		}
		if len(h.Substituted) > 0 {
			n++
		}
	}
	return n
}

// pair is the seats of the i-th two of a list, from its begin again after its end.
func pair(seats []string, i int) []string {
	at := 2 * (i % (len(seats) / 2))
	return seats[at : at+2 : at+2]
}

// on asks for the same seats on several nights.
func on(nights []string, seats ...string) (items []engine.ItemRequest) {
	for _, id := range nights {
		items = append(items, engine.ItemRequest{EventID: id, SeatIDs: seats})
	}
	return items
}

// tokens of a hold over several nights, by event.
func tokens(h engine.Hold) map[string]uint64 {
	all := make(map[string]uint64, len(h.Items))
	for _, it := range h.Items {
		all[it.EventID] = it.FencingToken
	}
	return all
}
