package proptest

import (
	"math"
	"slices"

	"github.com/usherhq/usher/shard"
)

// bundlesTogether is how many bundles, in order of their numbers, are forgotten together:
// when there are as many, all have ended, Retention after the last one, and nobody has to
// hear of any.
const bundlesTogether = 64

// ModelBundle ties holds together; bundles are never removed here, only forgotten.
type ModelBundle struct {
	Number    uint32
	State     shard.BundleState
	Home      uint16 // who decides; 0: this group
	At        uint32 // its number there
	Parts     []ModelPart
	Pending   []uint16 // who has not heard how it stands
	Since     int64    // of an open one
	EndedAt   int64
	Key       shard.Key // of an open one at home
	Forgotten bool
}

// ModelPart is a hold of a bundle.
type ModelPart struct {
	shard.Part
	Hold *ModelHold // nil: of another group
}

// bundle is the one with that number, unless nobody is told of it.
func (m *Model) bundle(n uint32) *ModelBundle {
	if n < 1 || int(n) > len(m.Bundles) || m.Bundles[n-1].Forgotten {
		return nil
	}
	return m.Bundles[n-1]
}

// joined is the bundle here that takes part in one of another group.
func (m *Model) joined(t shard.Txn) *ModelBundle {
	for _, b := range m.Bundles {
		if !b.Forgotten && t.Home != 0 && b.Home == t.Home && b.At == t.Bundle {
			return b
		}
	}
	return nil
}

func (m *Model) newBundle(b ModelBundle) *ModelBundle {
	b.Number = uint32(len(m.Bundles) + 1)
	m.Bundles = append(m.Bundles, &b)
	return &b
}

// here are the parts of this group.
func (b *ModelBundle) here() (own []*ModelPart) {
	for i := range b.Parts {
		if b.Parts[i].Group == 0 {
			own = append(own, &b.Parts[i])
		}
	}
	return own
}

// elsewhere are the other groups that have parts.
func (b *ModelBundle) elsewhere() (groups []uint16) {
	for _, p := range b.Parts {
		if p.Group != 0 {
			groups = append(groups, p.Group)
		}
	}
	slices.Sort(groups)
	return slices.Compact(groups)
}

// leads tells whether a hold can be used by itself: of a bundle only the first can, at
// home, once it stands.
func (h *ModelHold) leads() bool {
	b := h.Bundle
	switch {
	case b == nil:
		return true
	case b.Forgotten:
		return h.State != shard.HoldHeld
	}
	return b.leader() == h
}

// leader is the hold that is used for all; nil: there is none yet, or it is not here.
func (b *ModelBundle) leader() *ModelHold {
	if b.Home != 0 || b.State == shard.BundleOpen || len(b.Parts) == 0 {
		return nil
	}
	return b.Parts[0].Hold
}

// together moves the end of a hold, and with it of all of its bundle.
func (h *ModelHold) lastUntil(ends int64) {
	h.Ends = ends
	if h.Bundle != nil {
		for _, p := range h.Bundle.here() {
			p.Hold.Ends = ends
		}
	}
}

// settle ends the bundles of which a hold has just ended, the last of them first.
func (m *Model) settle(now int64) {
	for len(m.ended) > 0 {
		h := m.ended[len(m.ended)-1]
		m.ended = m.ended[:len(m.ended)-1]
		if b := h.Bundle; b.State == shard.BundleHeld {
			b.State, b.EndedAt, b.Pending = shard.BundleEnded, now, b.elsewhere()
			m.endParts(now, b, h.State)
		}
	}
}

// endParts ends what is still held of a bundle.
func (m *Model) endParts(now int64, b *ModelBundle, as shard.HoldState) {
	for _, p := range b.here() {
		if p.Hold.State == shard.HoldHeld {
			m.end(now, m.Events[p.Event], p.Hold, as)
		}
	}
}

// giveUp ends a bundle that is not booked.
func (m *Model) giveUp(now int64, b *ModelBundle, expired bool) {
	as := shard.HoldReleased
	if expired {
		as = shard.HoldExpired
	}
	b.State, b.EndedAt, b.Key, b.Since = shard.BundleEnded, now, shard.Key{}, 0
	m.endParts(now, b, as)
	m.settle(now)
}

// undoParts cancels all that is here of a booked bundle.
func (m *Model) undoParts(now int64, b *ModelBundle) {
	b.State, b.Pending = shard.BundleCancelled, b.elsewhere()
	for _, p := range b.here() {
		m.Events[p.Event].undo(now, m.Events[p.Event].Books[p.Booking-1])
	}
}

// busy tells whether something has to be done about a bundle.
func (b *ModelBundle) busy() bool {
	return !b.Forgotten && (b.State == shard.BundleOpen || len(b.Pending) > 0)
}

// bundlesForgettable is when 64 bundles from first on are forgotten, math.MaxInt64 if
// that is not known yet.
func (m *Model) bundlesForgettable(first int) int64 {
	if len(m.Bundles) < first+bundlesTogether || m.Bundles[first].Forgotten {
		return math.MaxInt64
	}
	last := int64(0)
	for _, b := range m.Bundles[first : first+bundlesTogether] {
		if b.State != shard.BundleEnded || len(b.Pending) > 0 {
			return math.MaxInt64
		}
		last = max(last, b.EndedAt)
	}
	return last + shard.Retention
}

func (m *Model) forgetBundles(now int64, left int) {
	for first := 0; first < len(m.Bundles) && left > 0; first += bundlesTogether {
		if m.bundlesForgettable(first) <= now {
			for _, b := range m.Bundles[first : first+bundlesTogether] {
				b.Forgotten = true
			}
			left--
		}
	}
}
