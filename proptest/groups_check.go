package proptest

import (
	"fmt"
	"slices"

	"github.com/usherhq/usher/shard"
)

// mayStand is how a bundle may stand at a guest, by how it stands at home: the guest may
// not have heard yet, but it never runs ahead.
var mayStand = map[shard.BundleState][]shard.BundleState{
	shard.BundleOpen:      {shard.BundleOpen},
	shard.BundleHeld:      {shard.BundleOpen, shard.BundleHeld},
	shard.BundleBooked:    {shard.BundleOpen, shard.BundleHeld, shard.BundleBooked},
	shard.BundleEnded:     {shard.BundleOpen, shard.BundleHeld, shard.BundleEnded},
	shard.BundleCancelled: {shard.BundleOpen, shard.BundleHeld, shard.BundleBooked, shard.BundleEnded, shard.BundleCancelled},
}

// bundlesOf are all that a group knows of.
func (x *Groups) bundlesOf(group uint16) (list []shard.BundleInfo) {
	for n := range len(x.runs[group-1].m.Bundles) {
		if b, ok := x.state(group).Bundle(uint32(n + 1)); ok {
			list = append(list, b)
		}
	}
	return list
}

// Check is what must always be: no guest knows more than its home, and of what stands at
// home every part is there, held or booked, in every group.
func (x *Groups) Check() error {
	for i := range x.runs {
		group := uint16(i + 1)
		for _, b := range x.bundlesOf(group) {
			var err error
			if b.Home == 0 {
				err = x.checkHome(group, b)
			} else {
				err = x.checkGuest(b)
			}
			if err != nil {
				return fmt.Errorf("group %d: %+v: %w", group, b, err)
			}
		}
	}
	return nil
}

func (x *Groups) checkGuest(b shard.BundleInfo) error {
	home, ok := x.state(b.Home).Bundle(b.At)
	if !ok {
		home.State = shard.BundleEnded // and forgotten
	}
	if !slices.Contains(mayStand[home.State], b.State) {
		return fmt.Errorf("at home it is in state %d", home.State)
	}
	return nil
}

func (x *Groups) checkHome(group uint16, b shard.BundleInfo) error {
	if b.State != shard.BundleHeld && b.State != shard.BundleBooked {
		return nil
	}
	for _, p := range b.Parts {
		at := p.Group
		if at == 0 {
			at = group
		}
		h, ok := x.state(at).Event(p.Event).HoldInfo(p.Hold)
		if p.Group != 0 {
			if j, joined := x.state(at).Joined(shard.Txn{Home: group, Bundle: b.Number}); !joined || ok && h.Bundle != j.Number {
				return fmt.Errorf("%+v is not part of it there, %+v is", p, j)
			}
		}
		booked := !ok || h.State == shard.HoldBooked // forgotten, but a booking stays
		if !booked && h.State != shard.HoldHeld || booked && b.State == shard.BundleHeld {
			return fmt.Errorf("half a stay: of %+v the hold is %+v", p, h)
		}
	}
	return nil
}

// checkSettled is what must be when everybody has heard: all parts stand alike.
func (x *Groups) checkSettled() error {
	for i := range x.runs {
		for _, b := range x.bundlesOf(uint16(i + 1)) {
			if err := x.checkHeard(b); err != nil {
				return fmt.Errorf("settled, group %d: %+v: %w", i+1, b, err)
			}
		}
	}
	return x.Check()
}

func (x *Groups) checkHeard(b shard.BundleInfo) error {
	if b.State == shard.BundleOpen || len(b.Pending) > 0 {
		return fmt.Errorf("nobody has seen to it")
	}
	x.tally[fmt.Sprintf("ended as %d", b.State)]++
	if b.Home == 0 {
		return nil
	}
	home, ok := x.state(b.Home).Bundle(b.At)
	if !ok {
		home.State = shard.BundleEnded
	}
	alike := home.State == b.State || home.State == shard.BundleCancelled && b.State == shard.BundleEnded
	if !alike {
		return fmt.Errorf("at home it is in state %d", home.State)
	}
	if b.State == shard.BundleBooked {
		return x.checkPrices(home, b)
	}
	return nil
}

// checkPrices wants a guest's bookings to cost what was paid for them at home.
func (x *Groups) checkPrices(home, guest shard.BundleInfo) error {
	for _, p := range guest.Parts {
		ok := slices.ContainsFunc(home.Parts, func(q shard.Part) bool {
			return q.Group != 0 && q.Event == p.Event && q.Hold == p.Hold && q.Amount == p.Amount
		})
		if !ok {
			return fmt.Errorf("%+v is not what was paid: %+v", p, home.Parts)
		}
	}
	return nil
}

// nothingHeld is what must be when all holds have lapsed: nothing is stuck.
func (x *Groups) nothingHeld() error {
	for i, r := range x.runs {
		s := r.subject.State()
		for no := range uint32(s.Events()) {
			e := s.Event(no)
			held := e.Counts().Held
			for a := range e.Areas() {
				held += e.Area(a).Held
			}
			if held > 0 {
				return fmt.Errorf("group %d: event %d still has %d held", i+1, no, held)
			}
		}
	}
	return nil
}
