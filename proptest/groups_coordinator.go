package proptest

import (
	"fmt"
	"slices"

	"github.com/usherhq/usher/shard"
)

// coordinator makes one reservation over several groups, a command a step: begin at home,
// prepare in all groups in ascending order, commit or give up, tell the others.
type coordinator struct {
	home   uint16
	begin  *shard.Begin
	wanted []wanted // by group, ascending
	claim  shard.Claim
	bundle uint32
	parts  []shard.Part // prepared, the home's first
	next   int          // whom to prepare
	failed bool
	tell   []letter // what is left to be told, and acknowledged
	step   step
}

type wanted struct {
	group uint16
	items []shard.Item
}

type step int

const (
	stepBegin step = iota
	stepPrepare
	stepDecide
	stepTell
)

// start begins a reservation over two groups or more.
func (x *Groups) start() error {
	if len(x.under) >= 3 {
		return nil
	}
	x.made++
	c := &coordinator{home: uint16(1 + x.Roll(len(x.runs)))}
	home := x.runs[c.home-1]
	c.begin = &shard.Begin{Wait: 1 + int64(x.Roll(4_000)), Key: shard.Key{Hash: [16]byte{7, byte(x.made), byte(x.made >> 8)}}}
	if chance(x.Dice, 5) {
		c.begin.Key = shard.Key{}
	}
	c.claim = shard.Claim{TTL: home.ttl(), Holder: home.holder(), Admitted: home.admitted(), Lease: chance(x.Dice, 6)}
	for i, r := range x.runs {
		group := uint16(i + 1)
		if group != c.home && len(x.runs) > 2 && x.Roll(3) == 0 {
			continue
		}
		w := wanted{group: group}
		for no, e := range r.m.Events {
			if no == 0 || x.Roll(2) == 0 {
				w.items = append(w.items, shard.Item{Event: uint32(no), Seats: r.places(e, 2)})
			}
		}
		c.wanted = append(c.wanted, w)
		if group != c.home {
			c.begin.Groups = append(c.begin.Groups, group)
		}
	}
	x.under = append(x.under, c)
	return nil
}

// coordinate lets one coordinator do its next step, or die instead, or after it.
func (x *Groups) coordinate() error {
	if len(x.under) == 0 {
		return x.start()
	}
	i := x.Roll(len(x.under))
	c := x.under[i]
	done, err := x.advance(c)
	if err != nil {
		return fmt.Errorf("coordinator of %d at home %d, step %d: %w", c.bundle, c.home, c.step, err)
	}
	if dies := chance(x.Dice, 12); done || dies {
		x.under = slices.Delete(x.under, i, i+1)
		if dies && !done {
			x.tally[fmt.Sprintf("died at step %d", c.step)]++
		}
		if dies && x.Roll(2) == 0 { // whoever wanted it asks again, with the same key
			x.under = append(x.under, &coordinator{home: c.home, begin: c.begin, claim: c.claim, wanted: c.wanted})
		}
	}
	return nil
}

// advance sends one command; what is not answered is sent again next time.
func (x *Groups) advance(c *coordinator) (done bool, err error) {
	switch c.step {
	case stepBegin:
		out, ok, err := x.send(c.home, c.begin)
		if ok {
			c.bundle, c.step = out.Number, stepPrepare
			done = out.Err != nil || out.Bundle != shard.BundleOpen // or it was decided before
		}
		return done, err
	case stepPrepare:
		return false, x.prepare(c)
	case stepDecide:
		return false, x.decideOn(c)
	}
	return x.tellNext(c)
}

func (x *Groups) prepare(c *coordinator) error {
	w := c.wanted[c.next]
	claim := c.claim
	claim.Items, claim.Txn = w.items, shard.Txn{Home: c.home, Bundle: c.bundle}
	if w.group == c.home {
		claim.Txn.Home = 0
	}
	out, ok, err := x.send(w.group, &claim)
	if err != nil || !ok {
		return err
	}
	if out.Err != nil {
		x.tally["prepare refused"]++
		c.failed, c.step = true, stepDecide
		return nil
	}
	var parts []shard.Part
	for _, g := range out.Granted {
		p := shard.Part{Group: w.group, Event: g.Event, Hold: g.Hold}
		if w.group == c.home {
			p.Group = 0
		}
		parts = append(parts, p)
	}
	if w.group == c.home {
		c.parts = append(parts, c.parts...)
	} else {
		c.parts = append(c.parts, parts...)
	}
	if c.next++; c.next == len(c.wanted) {
		c.step = stepDecide
	}
	return nil
}

func (x *Groups) decideOn(c *coordinator) error {
	d := &shard.Decide{Bundle: c.bundle, Commit: !c.failed, TTL: c.claim.TTL, Parts: c.parts}
	out, ok, err := x.send(c.home, d)
	if err != nil || !ok {
		return err
	}
	switch {
	case out.Err == shard.ErrIdempotencyFull:
		c.failed = true // there is no room for the answer: give it up
		return nil
	case out.Err == shard.ErrBundleEnded:
		x.tally["commit too late"]++
	case out.Err != nil:
		return fmt.Errorf("commit: %w", out.Err)
	default:
		x.tally[fmt.Sprintf("decided %d", out.Bundle)]++
	}
	c.step = stepTell
	for _, g := range c.begin.Groups {
		c.tell = append(c.tell, x.news(c.home, c.bundle, g))
	}
	return nil
}

// news tells a group how a bundle of a home stands.
func (x *Groups) news(home uint16, n uint32, group uint16) letter {
	r := &shard.Resolve{Txn: shard.Txn{Home: home, Bundle: n}, State: shard.BundleEnded}
	s := x.state(home)
	b, ok := s.Bundle(n)
	if !ok {
		return letter{group, r} // forgotten: it ended long ago
	}
	r.State = b.State
	for _, p := range b.Parts {
		if p.Group == group {
			r.Parts = append(r.Parts, p)
		}
	}
	if len(b.Parts) == 0 || b.Parts[0].Group != 0 {
		return letter{group, r}
	}
	first := b.Parts[0]
	h, _ := s.Event(first.Event).HoldInfo(first.Hold)
	r.Expired = h.State == shard.HoldExpired
	if k, ok := s.Event(first.Event).BookingInfo(first.Booking); ok {
		r.Currency, r.Payment = k.Currency, []byte(k.Payment)
	}
	return letter{group, r}
}

// tellNext sends what is left to be told; what has been told is acknowledged at home.
func (x *Groups) tellNext(c *coordinator) (done bool, err error) {
	if len(c.tell) == 0 {
		return true, nil
	}
	l := c.tell[0]
	_, ok, err := x.send(l.to, l.op)
	if err != nil || !ok {
		return false, err
	}
	c.tell = c.tell[1:]
	if r, told := l.op.(*shard.Resolve); told {
		c.tell = append(c.tell, letter{c.home, &shard.Ack{Bundle: c.bundle, Group: l.to, State: r.State}})
	}
	return len(c.tell) == 0, nil
}
