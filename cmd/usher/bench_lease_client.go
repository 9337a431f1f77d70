package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/usherhq/usher/engine"
)

const (
	// oneIn of the leases is given back early, as many are renewed, and as many of the
	// holders, whatever else they do, come back when it is over.
	oneIn = 10
	// lateAfter is how long after the end, by its own clock, a holder comes back. A call that
	// turns out to be in time after all is none that came late: the log's time decides.
	lateAfter = 50 * time.Millisecond
)

// leaseClient is one caller: it attempts, and now and then looks after a lease it has.
type leaseClient struct {
	*leaseLoad
	ctx     context.Context
	no      int
	holder  string
	figures *leaseFigures
	rng     *rand.Rand
	agenda  agenda
	counts  leaseCounts
	seen    int64 // the newest log time it was told
	broken  bool  // a call failed
}

func holderName(i int) string { return fmt.Sprintf("client-%d", i) }

// work attempts until there are no attempts left. An error ends it, so that nobody spins
// on one.
func (c *leaseClient) work() {
	for !c.broken && c.ctx.Err() == nil && c.another() {
		now := c.attempt()
		for !c.broken && c.agenda.due(now) {
			c.keep(c.agenda.pop())
			now = time.Since(c.start)
		}
	}
}

// finish does what is still on the agenda, each at its time, and hands in the figures.
func (c *leaseClient) finish() {
	for len(c.agenda) > 0 {
		a := c.agenda.pop()
		if !c.broken && c.sleep(a.at-time.Since(c.start)) {
			c.keep(a)
		} else {
			c.ledger.add(c.no, a.leaseRecord)
		}
	}
	c.figures.count(&c.counts)
}

func (c *leaseClient) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-c.ctx.Done():
		return false
	}
}

// attempt is one call of Hold, and when it was answered.
func (c *leaseClient) attempt() time.Duration {
	seat := c.rng.IntN(len(c.ids))
	start := time.Since(c.start)
	// Without a deadline, as in claimLoad.client.
	h, err := c.engine.Hold(context.Background(), leaseRequest(c.events[0], c.holder, c.ids[seat:seat+1]))
	now := time.Since(c.start)
	if c.figures.note(now-start, err) {
		c.failed(err)
	}
	if err == nil {
		c.granted(now, seat, &h)
	}
	return now
}

// granted decides what becomes of a lease.
func (c *leaseClient) granted(now time.Duration, seat int, h *engine.Hold) {
	c.saw(h.ServerTime)
	l := appointment{holdID: h.HoldID, leaseRecord: leaseRecord{
		token: h.FencingToken, held: h.HeldAt.UnixMilli(), end: h.ExpiresAt.UnixMilli(), seat: uint32(seat), told: micros(now),
	}}
	l.late = c.rng.IntN(oneIn) == 0
	switch c.rng.IntN(oneIn) {
	case 0:
		c.agenda.add(l, (*leaseClient).release, now+c.during())
	case 1:
		c.agenda.add(l, (*leaseClient).renew, now+c.during())
	default:
		c.leave(l, now+leaseTTL+lateAfter)
	}
}

// during is some moment while a lease lasts, but for a tenth at its end.
func (c *leaseClient) during() time.Duration {
	return time.Duration(c.rng.Int64N(int64(leaseTTL) * 9 / 10))
}

// leave has done with the lease, unless its holder is one to come back, at that time.
func (c *leaseClient) leave(l appointment, at time.Duration) {
	if !l.late || c.broken {
		c.ledger.add(c.no, l.leaseRecord)
		return
	}
	l.late = false
	if c.rng.IntN(2) == 0 {
		c.agenda.add(l, (*leaseClient).lateRenew, at)
	} else {
		c.agenda.add(l, (*leaseClient).lateRelease, at)
	}
}

func (c *leaseClient) keep(a appointment) { a.do(c, a) }

// renew extends a lease; who is slow finds that it has ended.
func (c *leaseClient) renew(l appointment) {
	c.extend(&l)
	c.leave(l, time.Since(c.start)+leaseTTL+lateAfter)
}

// release gives a lease back early.
func (c *leaseClient) release(l appointment) {
	seen, asked := c.seen, micros(time.Since(c.start))
	if err := c.engine.Release(context.Background(), engine.ReleaseRequest{HoldID: l.holdID, FencingToken: l.token}); err != nil {
		c.failed(err)
	} else if h, err := c.engine.HoldByID(c.ctx, l.holdID); err != nil {
		c.failed(err)
	} else {
		l.end = leaseEnd(l.end, seen, h.ExpiresAt.UnixMilli())
		if h.Status == engine.HoldReleased {
			l.asked = asked
			c.counts.released++
		}
	}
	c.leave(l, time.Since(c.start)+lateAfter)
}

// lateRenew comes back with a token whose lease has ended.
func (c *leaseClient) lateRenew(l appointment) {
	c.extend(&l)
	c.ledger.add(c.no, l.leaseRecord)
}

// lateRelease gives back what is no longer its own. That is no error and changes nothing:
// if it freed the seat of who has it now, the ledger would see that grant cut short.
func (c *leaseClient) lateRelease(l appointment) {
	err := c.engine.Release(context.Background(), engine.ReleaseRequest{HoldID: l.holdID, FencingToken: l.token})
	switch {
	case err == nil:
		c.counts.lateIgnored++
	case isLate(err):
		c.counts.lateRefused++
	default:
		c.failed(err)
	}
	c.ledger.add(c.no, l.leaseRecord)
}

// extend moves the lease's end.
func (c *leaseClient) extend(l *appointment) {
	h, err := c.engine.Extend(context.Background(), engine.ExtendRequest{HoldID: l.holdID, FencingToken: l.token, TTL: leaseTTL})
	c.extended(l, h, err)
}

// extended judges the answer: at the log's time of it the lease must not have been over.
// What was given back is over.
func (c *leaseClient) extended(l *appointment, h engine.Hold, err error) {
	switch {
	case err == nil && h.ServerTime.UnixMilli() >= l.end:
		c.counts.lateBelieved++
	case err == nil:
		c.counts.renewed++
		c.saw(h.ServerTime)
		l.end = h.ExpiresAt.UnixMilli()
	case isLate(err):
		c.counts.lateRefused++
	default:
		c.failed(err)
	}
}

// isLate tells whether a holder was refused because its lease is over.
func isLate(err error) bool {
	return errors.Is(err, engine.ErrHoldExpired) || errors.Is(err, engine.ErrStaleFencingToken) || errors.Is(err, engine.ErrHoldReleased)
}

func (c *leaseClient) saw(log time.Time) { c.seen = max(c.seen, log.UnixMilli()) }

// failed notes a call that failed.
func (c *leaseClient) failed(err error) {
	c.broken = true
	c.counts.errors++
	c.leaseLoad.fail(err)
}
