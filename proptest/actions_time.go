package proptest

import (
	"fmt"
	"slices"

	"github.com/usherhq/usher/shard"
)

// wait lets time pass: nothing, a little, to just before, at or behind the moment when
// something is due, or more than a day.
func (x *Run) wait() error {
	from := max(x.now, x.stamp)
	to := from
	switch x.Roll(16) {
	case 0:
		to += shard.Retention + int64(x.Roll(3)) - 1
	case 1, 2, 3, 4:
		to = x.moment(from) + int64(x.Roll(3)) - 1
	case 5, 6:
		to += int64(x.Roll(2_500))
	default:
		to += int64(x.Roll(100))
	}
	x.stamp = max(from, to)
	return nil
}

// moment is one of the next three that something is due at.
func (x *Run) moment(from int64) int64 {
	at := slices.DeleteFunc(x.m.Moments(), func(t int64) bool { return t < from })
	if len(at) == 0 {
		return from
	}
	slices.Sort(at)
	return at[x.Roll(min(3, len(at)))]
}

// clockBack is a leader whose clock is behind the last one's: time stands.
func (x *Run) clockBack() error {
	x.stamp = x.now - int64(x.Roll(5_000))
	return nil
}

// sweep is an Expire that has room for everything; then nothing may be due any more.
func (x *Run) sweep() error {
	if err := x.Do(&shard.Expire{Limit: 1 << 30}); err != nil {
		return err
	}
	if due := x.subject.State().NextDue(); due <= x.now {
		return fmt.Errorf("after a whole sweep at %d something is due at %d: the leader would sweep for ever", x.now, due)
	}
	return nil
}

// prepare makes holds for a bundle that is not decided yet, here or elsewhere.
func (x *Run) prepare() error {
	c := *x.claim().(*shard.Claim)
	c.Any, c.Key, c.Txn = false, shard.Key{}, x.txn()
	for _, b := range x.m.Bundles {
		if b.State == shard.BundleOpen && b.Home == 0 && len(b.Parts) == 0 && x.Roll(2) == 0 {
			c.Txn = shard.Txn{Bundle: b.Number}
		}
	}
	return x.Do(&c)
}

// grind grants and releases up to 70 holds of one event, so that they come to be
// forgotten, which happens 64 at a time.
func (x *Run) grind() error {
	no, e := x.event()
	for range x.Roll(70) {
		err := x.Do(&shard.Hold{Event: no, Seats: x.seats(e, 2), TTL: shard.MinTTL, Holder: []byte("grinder"), Admitted: true})
		if err == nil && x.last.Err == nil {
			err = x.Do(&shard.Release{Event: no, Hold: x.last.Number})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// grindBundles does the same with claims over two events: bundles are forgotten too.
func (x *Run) grindBundles() error {
	for range x.Roll(70) {
		c := &shard.Claim{TTL: shard.MinTTL, Holder: []byte("grinder"), Admitted: true}
		for no, e := range x.m.Events[:min(2, len(x.m.Events))] {
			c.Items = append(c.Items, shard.Item{Event: uint32(no), Seats: x.seats(e, 1)})
		}
		err := x.Do(c)
		if err == nil && x.last.Err == nil {
			err = x.Do(&shard.Release{Event: 0, Hold: x.last.Number})
		}
		if err != nil {
			return err
		}
	}
	return nil
}
