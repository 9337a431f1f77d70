package engine

import (
	"context"
	"errors"
	"time"

	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/shard"
)

// The keeper sees to it that no reservation over several groups stays halfway: whoever
// leads a group decides what nobody decided, and tells the others what they have not
// heard. Everything it does may be done twice.

const (
	keepEvery = 500 * time.Millisecond
	// askAfter is how long a group that takes part waits before it asks the home, in its
	// own time: longer than the home waits.
	askAfter = txnWait + 5*time.Second
	// tellWait bounds what one bundle may take of the keeper's time, or of a caller's who
	// has its answer already.
	tellWait = 2 * time.Second
)

// keep runs until the engine ends.
func (e *Engine) keep() {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	seen := make(map[bundleAt]bool) // busy at the last look: coordinators get a moment
	for {
		select {
		case <-e.ctx.Done():
			return
		case <-e.done:
			return
		case <-tick.C:
		}
		seen = e.keepOnce(seen)
	}
}

type bundleAt struct {
	group  int
	number uint32
}

func (e *Engine) keepOnce(seen map[bundleAt]bool) map[bundleAt]bool {
	now := make(map[bundleAt]bool)
	for group := 1; group < e.nodes[0].Groups(); group++ {
		g := e.leader(group)
		if g == nil {
			continue
		}
		var busy []shard.BundleInfo
		if g.View(func(s *shard.State) { busy = s.Busy(nil) }) != nil {
			continue
		}
		for i := range busy {
			at := bundleAt{group, busy[i].Number}
			now[at] = true
			if seen[at] && e.ctx.Err() == nil {
				e.mend(group, &busy[i], g.Now())
			}
		}
	}
	return now
}

// mend does the next thing for a bundle.
func (e *Engine) mend(group int, b *shard.BundleInfo, now int64) {
	ctx, cancel := context.WithTimeout(e.ctx, tellWait)
	defer cancel()
	switch {
	case b.Home != 0 && b.State == shard.BundleOpen:
		if b.Since+askAfter.Milliseconds() <= now {
			e.ask(ctx, group, b)
		}
	case b.State == shard.BundleOpen:
		if b.Since <= now {
			if _, err := e.decide(ctx, group, &shard.Decide{Bundle: b.Number, Late: true}); err != nil {
				e.logKeep(group, b.Number, err)
			}
		}
	default:
		e.tell(ctx, group, b.Number)
	}
}

func (e *Engine) logKeep(group int, bundle uint32, err error) {
	if e.ctx.Err() == nil {
		e.cfg.Logger.Debug("usher: a reservation over several groups waits", "group", group, "bundle", bundle, "err", err)
	}
}

// ask finds out from the home what became of a bundle that this group takes part in. The
// home gives up what is overdue; what it does not know has ended long ago, or was never
// begun in a log that anybody remembers.
func (e *Engine) ask(ctx context.Context, group int, b *shard.BundleInfo) {
	res, err := e.decide(ctx, int(b.Home), &shard.Decide{Bundle: b.At, Late: true})
	if err != nil {
		e.logKeep(group, b.Number, err)
		return
	}
	if errors.Is(res.Err, shard.ErrUnknownBundle) {
		res.Bundle = shard.BundleEnded
	}
	if res.Bundle == shard.BundleEnded {
		e.resolve(ctx, group, &shard.Resolve{Txn: shard.Txn{Home: b.Home, Bundle: b.At}, State: shard.BundleEnded})
		return
	}
	e.tell(ctx, int(b.Home), b.At)
}

// tell brings a bundle's state to the groups that have not heard it, and notes that. What
// fails the keeper does again.
func (e *Engine) tell(ctx context.Context, home int, number uint32) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellWait)
	defer cancel()
	if err := e.follow(ctx, home); err != nil {
		e.logKeep(home, number, err)
		return
	}
	var b shard.BundleInfo
	msg := &shard.Resolve{Txn: shard.Txn{Home: uint16(home), Bundle: number}}
	err := e.reader(home).View(func(s *shard.State) {
		b, _ = s.Bundle(number)
		describeBundle(s, &b, msg)
	})
	if err != nil || b.State == shard.BundleOpen {
		return
	}
	for _, g := range b.Pending {
		one := *msg
		one.Parts = nil
		for _, p := range b.Parts {
			if p.Group == g {
				one.Parts = append(one.Parts, shard.Part{Event: p.Event, Hold: p.Hold, Amount: p.Amount})
			}
		}
		if !e.resolve(ctx, int(g), &one) {
			return
		}
		r := raftfsm.NewRequest()
		r.Cmd.Op, r.Cmd.Ack = raftfsm.OpAck, &shard.Ack{Bundle: number, Group: g, State: b.State}
		if _, err := e.propose(ctx, home, r, true); err != nil {
			e.logKeep(home, number, err)
			return
		}
	}
}

// describeBundle fills in how the bundle stands and, if it was booked, by what.
func describeBundle(s *shard.State, b *shard.BundleInfo, out *shard.Resolve) {
	out.State = b.State
	if len(b.Parts) == 0 {
		return
	}
	ev := s.Event(b.Parts[0].Event)
	if info, ok := ev.HoldInfo(b.Parts[0].Hold); ok {
		out.Expired = info.State == shard.HoldExpired
	}
	if info, ok := ev.BookingInfo(b.Parts[0].Booking); ok {
		out.Currency, out.Payment = info.Currency, []byte(info.Payment)
	}
}

func (e *Engine) resolve(ctx context.Context, group int, c *shard.Resolve) bool {
	r := raftfsm.NewRequest()
	r.Cmd.Op, r.Cmd.Resolve = raftfsm.OpResolve, c
	res, err := e.propose(ctx, group, r, true)
	if err == nil {
		err = res.Err
	}
	if err != nil {
		e.logKeep(group, c.Txn.Bundle, err)
	}
	return err == nil
}

// tellBundle tells the other groups of a hold's bundle, if it has one, what has just
// become of it.
func (e *Engine) tellBundle(ctx context.Context, ref *eventRef, hold uint32) {
	e.tellPending(ctx, ref, func(ev *shard.Event) (uint32, bool) {
		info, ok := ev.HoldInfo(hold)
		return info.Bundle, ok
	})
}

// tellBooking is tellBundle of a booking.
func (e *Engine) tellBooking(ctx context.Context, ref *eventRef, booking uint32) {
	e.tellPending(ctx, ref, func(ev *shard.Event) (uint32, bool) {
		info, ok := ev.BookingInfo(booking)
		return info.Bundle, ok
	})
}

// tellPending tells of a bundle if somebody waits to be told. What has no bundle never gets one: of
// that nobody has to wait for what was just written.
func (e *Engine) tellPending(ctx context.Context, ref *eventRef, of func(*shard.Event) (bundle uint32, known bool)) {
	var bundle, number uint32
	known := false
	look := func(s *shard.State) {
		number = 0
		bundle, known = of(s.Event(ref.no))
		if b, ok := s.Bundle(bundle); ok && len(b.Pending) > 0 {
			number = b.Number
		}
	}
	if err := e.reader(ref.group).View(look); err != nil || known && bundle == 0 {
		return
	}
	if err := e.follow(ctx, ref.group); err != nil {
		return // the keeper of the group's leader tells them
	}
	if err := e.reader(ref.group).View(look); err == nil && number != 0 {
		e.tell(ctx, ref.group, number)
	}
}
