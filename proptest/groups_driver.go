package proptest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/usherhq/usher/shard"
)

// busy is what waits for something in a group, in order of its numbers.
func (x *Groups) busy(group uint16) []shard.BundleInfo {
	list := x.state(group).Busy(nil)
	slices.SortFunc(list, func(a, b shard.BundleInfo) int { return cmp.Compare(a.Number, b.Number) })
	return list
}

// drive does one thing about one of the bundles that wait in a group.
func (x *Groups) drive() error {
	group := uint16(1 + x.Roll(len(x.runs)))
	list := x.busy(group)
	if len(list) == 0 {
		return nil
	}
	err := x.help(group, list[x.Roll(len(list))], x.send)
	if err != nil {
		err = fmt.Errorf("driver of group %d: %w", group, err)
	}
	return err
}

type sender func(to uint16, op Op) (shard.Result, bool, error)

// help does what a bundle waits for.
func (x *Groups) help(group uint16, b shard.BundleInfo, send sender) error {
	switch {
	case b.Home != 0:
		return x.helpGuest(group, b, send)
	case b.State == shard.BundleOpen:
		_, _, err := send(group, &shard.Decide{Bundle: b.Number, Late: true})
		return err
	}
	to := pick(x.Dice, b.Pending...)
	return x.tellAndAck(group, b.Number, to, send)
}

func (x *Groups) tellAndAck(home uint16, n uint32, to uint16, send sender) error {
	l := x.news(home, n, to)
	_, ok, err := send(to, l.op)
	if err != nil || !ok || chance(x.Dice, 6) { // the driver dies before it can note it
		return err
	}
	_, _, err = send(home, &shard.Ack{Bundle: n, Group: to, State: l.op.(*shard.Resolve).State})
	return err
}

// helpGuest asks the home of a bundle that nobody has decided how it stands.
func (x *Groups) helpGuest(group uint16, b shard.BundleInfo, send sender) error {
	out, ok, err := send(b.Home, &shard.Decide{Bundle: b.At, Late: true})
	if err != nil || !ok || out.Bundle == shard.BundleOpen {
		return err
	}
	x.tally["a guest asked"]++
	_, _, err = send(group, x.news(b.Home, b.At, group).op)
	return err
}

// Settle lets everybody die, brings some of what is late, and wants a driver without
// bad luck to bring everything to its end: first what is decided, then, when all holds
// have lapsed, all of it.
func (x *Groups) Settle() error {
	x.under = nil
	for range x.Roll(4) {
		if err := x.deliver(); err != nil {
			return err
		}
	}
	x.late = nil
	if err := x.quiet(4_001); err != nil {
		return err
	}
	if err := x.checkSettled(); err != nil {
		return err
	}
	if err := x.quiet(shard.MaxTTL); err != nil {
		return err
	}
	for i, r := range x.runs {
		if err := r.sweep(); err != nil {
			return fmt.Errorf("group %d: %w", i+1, err)
		}
	}
	if err := errors.Join(x.quiet(1), x.checkSettled(), x.nothingHeld()); err != nil {
		return err
	}
	for _, r := range x.runs {
		if err := errors.Join(r.Verify(), r.thaw()); err != nil {
			return err
		}
	}
	return nil
}

// quiet lets time pass in all groups, and drives until nothing is left to be done.
func (x *Groups) quiet(wait int64) error {
	for _, r := range x.runs {
		r.stamp = max(r.stamp, r.now) + wait
	}
	for range 100 {
		left := 0
		for i := range x.runs {
			group := uint16(i + 1)
			for _, b := range x.busy(group) {
				left++
				if err := x.help(group, b, x.surely); err != nil {
					return err
				}
			}
		}
		if left == 0 {
			return nil
		}
	}
	return fmt.Errorf("it never comes to an end: %+v", x.busy(1))
}
