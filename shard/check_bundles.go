package shard

import (
	"fmt"
	"slices"
)

// checkBundles wants bundles and holds to speak of each other.
func (s *State) checkBundles() error {
	var sum uint64
	for pg, p := range s.bundles.pages {
		for i := uint32(0); p != nil && i < p.used; i++ {
			n := uint32(pg)*bundlesInPage + i + 1
			sum += p.recs[i].sum(n)
			if err := s.checkBundle(n, &p.recs[i]); err != nil {
				return fmt.Errorf("bundle %d: %w", n, err)
			}
		}
	}
	if sum != s.bundles.sum {
		return fmt.Errorf("digest sum of bundles is %x, recomputed %x", s.bundles.sum, sum)
	}
	return s.checkLinks()
}

func (s *State) checkBundle(n uint32, r *bundle) error {
	if _, busy := s.bundles.busy[n]; busy != r.busy() {
		return fmt.Errorf("noted as one to be seen to: %v", busy)
	}
	if r.home != 0 && s.bundles.index[Txn{r.home, r.at}] != n {
		return fmt.Errorf("it takes part in %d of group %d, where another is found", r.at, r.home)
	}
	if r.state != BundleOpen && r.state != BundleEnded && (len(r.parts) == 0 || r.parts[0].Group != 0) {
		return fmt.Errorf("it is in state %d, and no hold of this group is its first", r.state)
	}
	for k, p := range r.parts {
		if p.Group != 0 && r.home != 0 {
			return fmt.Errorf("it is decided by group %d, and has a hold of group %d", r.home, p.Group)
		}
		if p.Group != 0 {
			continue
		}
		if err := s.checkPart(n, r, k); err != nil {
			return fmt.Errorf("hold %d of event %d: %w", p.Hold, p.Event, err)
		}
		for _, q := range r.parts[:k] {
			if q.Group == 0 && q.Event == p.Event {
				return fmt.Errorf("two holds of event %d", p.Event)
			}
		}
	}
	return nil
}

// partState is what a bundle's state makes of its holds.
var partState = map[BundleState][]HoldState{
	BundleOpen: {HoldHeld}, BundleHeld: {HoldHeld}, BundleEnded: {HoldReleased, HoldExpired},
	BundleBooked: {HoldBooked}, BundleCancelled: {HoldBooked},
}

func (s *State) checkPart(n uint32, r *bundle, k int) error {
	part := r.parts[k]
	if part.Event >= uint32(len(s.events)) {
		return ErrUnknownEvent
	}
	e := s.events[part.Event]
	if sold := r.state == BundleBooked || r.state == BundleCancelled; sold != (part.Booking != 0) || part.Booking > e.lastBook {
		return fmt.Errorf("it is booking %d of %d, in a bundle of state %d", part.Booking, e.lastBook, r.state)
	}
	if n := part.Booking; n != 0 {
		if b, i := e.booking(n); b.recs[i].hold != part.Hold {
			return fmt.Errorf("booking %d is of hold %d", n, b.recs[i].hold)
		}
	}
	p, i := e.hold(part.Hold)
	if p == nil {
		if r.state == BundleOpen || r.state == BundleHeld {
			return fmt.Errorf("it is not there")
		}
		return nil // forgotten before the bundle was
	}
	if p.bundle(i) != n {
		return fmt.Errorf("it is of bundle %d", p.bundle(i))
	}
	if !slices.Contains(partState[r.state], p.state[i]) {
		return fmt.Errorf("it has state %d, the bundle %d", p.state[i], r.state)
	}
	if p.state[i] == HoldBooked && p.expires[i] != int64(part.Booking) {
		return fmt.Errorf("it became booking %d, the bundle says %d", p.expires[i], part.Booking)
	}
	if p.state[i] != HoldHeld {
		return nil
	}
	pinned := r.state == BundleOpen || r.home != 0
	if pinned != (p.expires[i] == never) {
		return fmt.Errorf("it ends at %d, in a bundle of state %d, decided by group %d", p.expires[i], r.state, r.home)
	}
	if first := r.parts[0]; !pinned {
		if q, j := s.events[first.Event].hold(first.Hold); q == nil || q.expires[j] != p.expires[i] {
			return fmt.Errorf("it ends at another moment than its bundle")
		}
	}
	return nil
}

// checkLinks wants every hold that names a bundle to be named by it.
func (s *State) checkLinks() error {
	for _, e := range s.events {
		for n := uint32(1); n <= e.lastBook; n++ {
			p, i := e.booking(n)
			if b := p.recs[i].bundle; b != 0 && s.bundles.get(b) == nil {
				return fmt.Errorf("event %s: booking %d names bundle %d, which is not there", e.id, n, b)
			}
		}
		for first, p := range e.holdPages() {
			for i := range p.used {
				if err := s.checkLink(e, first+i, p.bundle(i), p.state[i]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (s *State) checkLink(e *Event, hold, bundle uint32, st HoldState) error {
	if bundle == 0 {
		return nil
	}
	r := s.bundles.get(bundle)
	if r == nil && st != HoldHeld && bundle <= s.bundles.last {
		return nil
	}
	if r != nil {
		for _, p := range r.parts {
			if p.Group == 0 && p.Event == e.no && p.Hold == hold {
				return nil
			}
		}
	}
	return fmt.Errorf("event %s: hold %d names bundle %d, which does not know it", e.id, hold, bundle)
}
