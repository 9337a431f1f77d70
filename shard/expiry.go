package shard

// Expire ends lapsed holds and forgets what was kept long enough, at most Limit things.
// The leader proposes it when NextDue has passed; claims do not wait for it, they free
// what has lapsed themselves.
type Expire struct{ Limit uint32 }

// NextDue is a lower bound, in unix milliseconds, of when there is something to expire
// or to forget; a read.
func (s *State) NextDue() int64 {
	due := int64(never)
	for _, e := range s.events {
		due = min(due, e.due)
	}
	return min(due, s.bundles.due)
}

// Expire sweeps the events in order of their numbers, and each in order of hold
// numbers, so that with a limit too all replicas end the same holds. out.Count is how
// many holds ended, out.More whether the limit cut the sweep short.
func (s *State) Expire(now int64, c *Expire, out *Result) {
	out.reset(now)
	left := int(c.Limit)
	for no, e := range s.events {
		if e.due > now {
			continue
		}
		if left <= 0 {
			out.More = true
			return
		}
		e = s.own(uint32(no))
		left -= e.sweep(now, left, out)
		s.settle(now, e)
	}
	if left > 0 && s.bundles.due <= now {
		left -= s.bundles.forget(now, left)
	}
	out.More = left <= 0 && s.NextDue() <= now
}

// endDue ends all that has lapsed in an event, so that what is stored is what is. It
// looks at nothing that is not due, and each hold lapses once.
func (s *State) endDue(now int64, e *Event) *Event {
	if e.due > now {
		return e
	}
	e = s.own(e.no)
	var swept Result
	e.sweep(now, int(never), &swept)
	s.settle(now, e)
	return e
}

// sweep does up to limit things and returns how many it did.
func (e *Event) sweep(now int64, limit int, out *Result) int {
	done := e.forgetKeys(now, limit)
	due := e.keys.due()
	for b, k := range e.blocks {
		if k != nil && k.due <= now && done < limit {
			done += e.sweepBlock(uint32(b), now, limit-done, out)
		}
		if k = e.blocks[b]; k != nil {
			due = min(due, k.due)
		}
	}
	e.due = due
	return done
}

func (e *Event) sweepBlock(b uint32, now int64, limit int, out *Result) int {
	k := e.ownBlock(b)
	done := 0
	for pg, p := range k.pages {
		if p != nil && p.due <= now && done < limit {
			done += e.sweepPage(b, uint32(pg), now, limit-done, out)
		}
	}
	k.due = never
	alive := false
	for _, p := range k.pages {
		if p != nil {
			alive = true
			k.due = min(k.due, p.due)
		}
	}
	if last := (b+1)<<(pageShift+blockShift) - 1; !alive && e.lastHold > last {
		e.blocks[b] = nil
	}
	return done
}

// sweepPage expires the page's lapsed holds, then says when it is due again, or drops
// it when it is full and its last hold ended long enough ago.
func (e *Event) sweepPage(b, pg uint32, now int64, limit int, out *Result) int {
	first := b<<(pageShift+blockShift) + pg<<pageShift + 1
	p, _ := e.ownHold(first)
	done := 0
	for i := uint32(0); i < p.used && done < limit; i++ {
		if p.state[i] == HoldHeld && p.expires[i] <= now {
			e.expire(now, first+i)
			out.Count++
			done++
		}
	}
	p.due = p.exactDue()
	if p.active == 0 && p.used == holdsInPage && p.lastEnded+Retention <= now && done < limit {
		for i := uint32(0); i < p.used; i++ {
			e.sum -= p.sum(i, first+i)
		}
		e.blocks[b].pages[pg] = nil
		done++
	}
	return done
}

// exactDue is when the page has something to be done. A page that is not full is never
// dropped, so its ended holds alone make nothing due.
func (p *holdPage) exactDue() int64 {
	if p.active == 0 {
		if p.used < holdsInPage {
			return never
		}
		return p.lastEnded + Retention
	}
	due := int64(never)
	for i := uint32(0); i < p.used; i++ {
		if p.state[i] == HoldHeld {
			due = min(due, p.expires[i])
		}
	}
	return due
}

// dueAt lowers the bounds above hold n to at.
func (e *Event) dueAt(n uint32, at int64) {
	b, pg, _ := split(n)
	k := e.ownBlock(b)
	p := k.pages[pg]
	p.due = min(p.due, at)
	k.due = min(k.due, p.due)
	e.due = min(e.due, k.due)
}

// ActiveHolds counts the holds that are held; a read that looks at every page of holds.
func (e *Event) ActiveHolds() int {
	n := 0
	for _, k := range e.blocks {
		for pg := 0; k != nil && pg < pagesInBlock; pg++ {
			if p := k.pages[pg]; p != nil {
				n += int(p.active)
			}
		}
	}
	return n
}
