package proptest

import (
	"math"
	"slices"

	"github.com/usherhq/usher/shard"
)

func (m *Model) beginBundle(now int64, c *shard.Begin, out *shard.Result) {
	if m.begin(now, c.Event, &c.Key, out) == nil {
		return
	}
	if c.Wait < 1 || c.Wait > shard.MaxTTL || !otherGroups(c.Groups) {
		out.Err = shard.ErrBadRequest
		return
	}
	out.Bundle = shard.BundleOpen
	for _, b := range m.Bundles {
		if !c.Key.IsZero() && b.Home == 0 && b.State == shard.BundleOpen && b.Key.Hash == c.Key.Hash {
			out.Number, out.Replayed = b.Number, true
			if b.Key.Print != c.Key.Print {
				out.Number, out.Err = 0, shard.ErrIdempotencyMismatch
			}
			return
		}
	}
	b := m.newBundle(ModelBundle{State: shard.BundleOpen, Since: now + c.Wait, Key: c.Key, Pending: slices.Clone(c.Groups)})
	out.Number = b.Number
}

// otherGroups wants numbers of groups, ascending, each once.
func otherGroups(list []uint16) bool {
	for i, g := range list {
		if g < 1 || g > shard.MaxGroups || i > 0 && list[i-1] >= g {
			return false
		}
	}
	return true
}

// recallTxn answers a claim whose bundle has its holds here already, or has ended, or
// must be here and is not.
func (m *Model) recallTxn(c *shard.Claim, out *shard.Result) bool {
	b := m.joined(c.Txn)
	if c.Txn.Home == 0 {
		b = m.bundle(c.Txn.Bundle)
	}
	switch {
	case c.Txn == shard.Txn{} || b == nil && c.Txn.Home != 0:
		return false
	case b == nil || b.Home != c.Txn.Home:
		out.Err = shard.ErrUnknownBundle
		return true
	case b.State != shard.BundleOpen && b.State != shard.BundleHeld:
		out.Err = shard.ErrBundleEnded
		return true
	case len(b.here()) == 0:
		return false
	}
	for _, p := range b.here() {
		e := m.Events[p.Event]
		out.Granted = append(out.Granted, shard.Granted{
			Event: p.Event, Hold: p.Hold.Number, Token: e.token(p.Hold.Number), Version: e.Version(), Seats: p.Hold.Seats,
		})
	}
	first := out.Granted[0]
	out.Event, out.Number, out.Token, out.Version, out.Replayed = first.Event, first.Hold, first.Token, first.Version, true
	return true
}

func (m *Model) decide(now int64, c *shard.Decide, out *shard.Result) {
	b := m.bundle(c.Bundle)
	if b == nil || b.Home != 0 {
		out.Err = shard.ErrUnknownBundle
		return
	}
	switch {
	case b.State == shard.BundleOpen && c.Commit:
		m.commit(now, c, b, out)
	case b.State == shard.BundleOpen && c.Late && now < b.Since:
	case b.State == shard.BundleOpen:
		m.giveUp(now, b, false)
	case c.Commit && b.State == shard.BundleEnded:
		out.Err = shard.ErrBundleEnded
	case c.Commit:
		m.committed(b, out)
	}
	out.Bundle = b.State
}

// committed answers a commit that stood already.
func (m *Model) committed(b *ModelBundle, out *shard.Result) {
	h, e := b.Parts[0].Hold, m.Events[b.Parts[0].Event]
	expires := int64(0)
	if h.State == shard.HoldHeld {
		expires = h.Ends
	}
	out.Event = e.No
	e.answer(h, expires, out)
	out.Replayed = true
}

func (m *Model) commit(now int64, c *shard.Decide, b *ModelBundle, out *shard.Result) {
	if c.TTL < shard.MinTTL || c.TTL > shard.MaxTTL || len(c.Parts) > shard.MaxItems || !b.sameParts(c.Parts) {
		out.Err = shard.ErrBadRequest
		return
	}
	if b.Since <= now {
		m.giveUp(now, b, false)
		out.Err = shard.ErrBundleEnded
		return
	}
	e, k := m.Events[c.Parts[0].Event], b.Key
	if e.full(&k) {
		out.Err = shard.ErrIdempotencyFull
		return
	}
	var parts []ModelPart
	for _, p := range c.Parts {
		part := ModelPart{Part: p}
		if p.Group == 0 {
			part.Hold = m.Events[p.Event].Holds[p.Hold-1]
		}
		parts = append(parts, part)
	}
	b.State, b.Key, b.Since, b.Parts = shard.BundleHeld, shard.Key{}, 0, parts
	b.Parts[0].Hold.lastUntil(now + c.TTL)
	out.Event = e.No
	e.answer(b.Parts[0].Hold, now+c.TTL, out)
	e.remember(now, &k, out)
}

// sameParts wants all of the holds that were prepared here, the first of all among them,
// and beside them only holds of groups that were to take part.
func (b *ModelBundle) sameParts(parts []shard.Part) bool {
	if len(parts) == 0 || parts[0].Group != 0 {
		return false
	}
	seen := map[*ModelPart]bool{}
	for _, p := range parts {
		if p.Booking != 0 || p.Amount != 0 || p.Group != 0 && !slices.Contains(b.Pending, p.Group) {
			return false
		}
		if p.Group != 0 {
			continue
		}
		own := slices.IndexFunc(b.here(), func(q *ModelPart) bool { return q.Event == p.Event && q.Part.Hold == p.Hold })
		if own < 0 || seen[b.here()[own]] {
			return false
		}
		seen[b.here()[own]] = true
	}
	return len(seen) == len(b.here())
}

func (m *Model) resolve(now int64, c *shard.Resolve, out *shard.Result) {
	if c.Txn.Home == 0 || len(c.Payment) > shard.MaxPaymentLen {
		out.Err = shard.ErrBadRequest
		return
	}
	b := m.joined(c.Txn)
	if b == nil {
		out.Bundle = shard.BundleEnded
		return
	}
	undecided := b.State == shard.BundleOpen || b.State == shard.BundleHeld
	switch c.State {
	case shard.BundleHeld:
		if b.State == shard.BundleOpen {
			b.State, b.Since = shard.BundleHeld, 0
		}
	case shard.BundleEnded:
		if undecided {
			m.giveUp(now, b, c.Expired)
		}
	case shard.BundleBooked:
		if undecided {
			m.sellParts(now, b, c)
		}
	case shard.BundleCancelled:
		if undecided {
			m.giveUp(now, b, false)
		} else if b.State == shard.BundleBooked {
			m.undoParts(now, b)
		}
	}
	out.Bundle = b.State
}

func (m *Model) sellParts(now int64, b *ModelBundle, c *shard.Resolve) {
	for _, p := range b.here() {
		for _, q := range c.Parts {
			if q.Event == p.Event && q.Hold == p.Part.Hold && q.Amount > 0 {
				p.Amount = q.Amount
			}
		}
		p.Booking = m.Events[p.Event].sell(now, p.Hold, shard.Book{Amount: p.Amount, Currency: c.Currency, Payment: c.Payment}).Number
	}
	b.State, b.Since = shard.BundleBooked, 0
}

func (m *Model) ack(c *shard.Ack, out *shard.Result) {
	b := m.bundle(c.Bundle)
	if b == nil || b.Home != 0 {
		out.Err = shard.ErrUnknownBundle
		return
	}
	out.Bundle = b.State
	if b.State == c.State && b.State != shard.BundleOpen {
		b.Pending = slices.DeleteFunc(slices.Clone(b.Pending), func(g uint16) bool { return g == c.Group })
	}
}

// pinned is how long a hold lasts that another group, or a later moment, decides about.
const pinned = int64(math.MaxInt64)
