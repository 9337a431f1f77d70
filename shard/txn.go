package shard

import "slices"

// A reservation over events of several groups is a transaction. Its home group logs
// Begin; every group that takes part prepares with a Claim that names the Txn; the home
// logs Decide, which commits only while the bundle is open; the others are told with
// Resolve, and Ack notes at home that they have been. Whoever finds a bundle that nobody
// decided asks the home with Decide.

// Txn names a bundle that is decided elsewhere, or at another moment: Home is the group
// that does, 0 if it is this one. The zero Txn is none.
type Txn struct {
	Home   uint16
	Bundle uint32
}

// Begin opens a bundle at its home.
type Begin struct {
	Event  uint32   // the home event: whose key it is
	Groups []uint16 // the other groups that take part, ascending
	Wait   int64    // milliseconds after which it may be given up, 1…MaxTTL
	Key    Key
}

// Decide commits a bundle of this group, or gives it up; what was decided before stays.
type Decide struct {
	Bundle uint32
	Commit bool
	Late   bool   // give it up only if it has waited long enough
	TTL    int64  // of a commit: milliseconds, MinTTL…MaxTTL
	Parts  []Part // of a commit: all, the home's first
}

// Resolve tells a group that takes part how the bundle stands at home.
type Resolve struct {
	Txn      Txn
	State    BundleState // BundleHeld, BundleEnded, BundleBooked or BundleCancelled
	Expired  bool        // of BundleEnded
	Currency [3]byte     // of BundleBooked, as all below
	Payment  []byte
	Parts    []Part // amounts by event and hold
}

// Ack notes at home that a group has been told how the bundle stands.
type Ack struct {
	Bundle uint32
	Group  uint16
	State  BundleState // what it was told; if that is old news, it is to be told again
}

// Begin answers the bundle's number. Repeated with its key it answers the bundle that is
// open under it, or what became of it.
func (s *State) Begin(now int64, c *Begin, out *Result) {
	if _, ok := s.begin(now, c.Event, &c.Key, out); !ok {
		return
	}
	if !c.sound() {
		out.Err = ErrBadRequest
		return
	}
	if n := s.openUnder(&c.Key); n != 0 {
		out.Number, out.Bundle, out.Replayed = n, BundleOpen, true
		if s.bundles.get(n).key.Print != c.Key.Print {
			out.Err, out.Number = ErrIdempotencyMismatch, 0
		}
		return
	}
	out.Number = s.newBundle(bundle{state: BundleOpen, since: now + c.Wait, key: c.Key, pending: slices.Clone(c.Groups)})
	out.Bundle = BundleOpen
}

func (c *Begin) sound() bool {
	for i, g := range c.Groups {
		if g == 0 || g > MaxGroups || i > 0 && g <= c.Groups[i-1] {
			return false
		}
	}
	return c.Wait > 0 && c.Wait <= MaxTTL
}

// openUnder finds the open bundle with a key. There are as many as reservations under
// way; the answer does not depend on the order they are looked at in, as there is one.
func (s *State) openUnder(k *Key) uint32 {
	if k.IsZero() {
		return 0
	}
	for n := range s.bundles.busy {
		if r := s.bundles.get(n); r.state == BundleOpen && r.home == 0 && r.key.Hash == k.Hash {
			return n
		}
	}
	return 0
}

// recallTxn answers a claim of a transaction that has been here before, or comes too late.
func (s *State) recallTxn(c *Claim, out *Result) bool {
	if c.Txn == (Txn{}) {
		return false
	}
	n := c.Txn.Bundle
	if c.Txn.Home != 0 {
		n = s.bundles.index[c.Txn]
	}
	r := s.bundles.get(n)
	switch {
	case r == nil && c.Txn.Home != 0:
		return false
	case r == nil || r.home != c.Txn.Home:
		out.Err = ErrUnknownBundle
		return true
	case r.state != BundleOpen && r.state != BundleHeld:
		out.Err = ErrBundleEnded
		return true
	}
	own := r.ownParts()
	if len(own) == 0 {
		return false
	}
	for i, p := range own {
		e := s.events[p.Event]
		info, _ := e.HoldInfo(p.Hold)
		g := Granted{Event: p.Event, Hold: p.Hold, Token: e.Token(p.Hold), Version: e.version, Seats: info.Seats}
		if i == 0 {
			out.Event, out.Number, out.Token, out.Version = g.Event, g.Hold, g.Token, g.Version
		}
		out.Granted = append(out.Granted, g)
	}
	out.Replayed = true
	return true
}

// ownParts are the holds of a bundle in this group.
func (r *bundle) ownParts() []Part {
	own := make([]Part, 0, len(r.parts))
	for _, p := range r.parts {
		if p.Group == 0 {
			own = append(own, p)
		}
	}
	return own
}

// joinTxn is the bundle that a transaction's holds here belong to.
func (s *State) joinTxn(now int64, t Txn) uint32 {
	if t.Home == 0 {
		return t.Bundle
	}
	return s.newBundle(bundle{state: BundleOpen, home: t.Home, at: t.Bundle, since: now})
}

func (s *State) addParts(n uint32, parts []Part) {
	r := *s.bundles.get(n)
	r.parts = append(slices.Clone(r.parts), parts...)
	s.putBundle(n, r)
}

// Decide answers how the bundle stands; for a commit that stood already, what it was
// told. ErrBundleEnded when it is too late to commit.
func (s *State) Decide(now int64, c *Decide, out *Result) {
	out.reset(now)
	r := s.bundles.get(c.Bundle)
	if r == nil || r.home != 0 {
		out.Err = ErrUnknownBundle
		return
	}
	out.Bundle = r.state
	switch {
	case r.state == BundleOpen && c.Commit:
		out.Err = s.commit(now, c, *r, out)
	case r.state == BundleOpen && (!c.Late || r.since <= now):
		s.giveUp(now, c.Bundle, false)
	case c.Commit && r.state == BundleEnded:
		out.Err = ErrBundleEnded
	case c.Commit:
		p := r.parts[0]
		out.Event, out.Number, out.Token, out.Version = p.Event, p.Hold, s.events[p.Event].Token(p.Hold), s.events[p.Event].version
		info, _ := s.events[p.Event].HoldInfo(p.Hold)
		out.Expires, out.Replayed = info.Expires, true
	}
	out.Bundle = s.bundles.get(c.Bundle).state
}

// commit makes an open bundle one that is held: its holds here last from now on.
func (s *State) commit(now int64, c *Decide, r bundle, out *Result) error {
	switch {
	case c.TTL < MinTTL || c.TTL > MaxTTL || len(c.Parts) > MaxItems || !r.samePartsHere(c.Parts):
		return ErrBadRequest
	case r.since <= now:
		s.giveUp(now, c.Bundle, false)
		return ErrBundleEnded
	}
	home := c.Parts[0]
	e := s.own(home.Event)
	if e.keys.full(e.maxKeys, &r.key) {
		return ErrIdempotencyFull
	}
	key := r.key
	r.state, r.key, r.since, r.parts = BundleHeld, Key{}, 0, slices.Clone(c.Parts)
	s.putBundle(c.Bundle, r)
	s.prolong(e, home.Hold, now+c.TTL)
	out.Event = home.Event
	e.answerHold(home.Hold, now+c.TTL, out)
	e.remember(now, &key, out)
	return nil
}

// samePartsHere wants the parts of this group to be those that were prepared, and the
// first of all to be one of them.
func (r *bundle) samePartsHere(parts []Part) bool {
	own := r.ownParts()
	for i, p := range parts {
		if p.Group > MaxGroups || p.Booking != 0 || p.Amount != 0 || i == 0 && p.Group != 0 {
			return false
		}
		if p.Group != 0 {
			if !slices.Contains(r.pending, p.Group) {
				return false
			}
			continue
		}
		at := slices.IndexFunc(own, func(q Part) bool { return q.Event == p.Event && q.Hold == p.Hold })
		if at < 0 {
			return false
		}
		own = slices.Delete(own, at, at+1)
	}
	return len(parts) > 0 && len(own) == 0
}

// giveUp ends a bundle and its holds here.
func (s *State) giveUp(now int64, n uint32, expired bool) {
	r := *s.bundles.get(n)
	end := HoldReleased
	if expired {
		end = HoldExpired
	}
	r.state, r.endedAt, r.key, r.since = BundleEnded, now, Key{}, 0
	s.putBundle(n, r)
	s.freeParts(now, &r, end)
}

// Resolve does here what was decided at home. A bundle that never came here is answered
// as ended.
func (s *State) Resolve(now int64, c *Resolve, out *Result) {
	out.reset(now)
	n := s.bundles.index[c.Txn]
	r := s.bundles.get(n)
	if c.Txn.Home == 0 || len(c.Payment) > MaxPaymentLen {
		out.Err = ErrBadRequest
		return
	}
	if r == nil {
		out.Bundle = BundleEnded
		return
	}
	undecided := r.state == BundleOpen || r.state == BundleHeld
	switch {
	case c.State == BundleHeld && r.state == BundleOpen:
		next := *r
		next.state, next.since = BundleHeld, 0
		s.putBundle(n, next)
	case c.State == BundleEnded && undecided:
		s.giveUp(now, n, c.Expired)
	case c.State == BundleBooked && undecided:
		s.sellParts(now, n, c)
	case c.State == BundleCancelled && undecided:
		// It never heard that it was booked: the money has gone back, so its seats do as well.
		s.giveUp(now, n, false)
	case c.State == BundleCancelled && r.state == BundleBooked:
		s.undoParts(now, n)
	}
	out.Bundle = s.bundles.get(n).state
}

// Ack forgets that a group waits to be told; a bundle that is open, or stands otherwise
// by now, keeps it.
func (s *State) Ack(now int64, c *Ack, out *Result) {
	out.reset(now)
	p := s.bundles.get(c.Bundle)
	if p == nil || p.home != 0 {
		out.Err = ErrUnknownBundle
		return
	}
	out.Bundle = p.state
	at := slices.Index(p.pending, c.Group)
	if p.state != c.State || p.state == BundleOpen || at < 0 {
		return
	}
	r := *p
	r.pending = slices.Delete(slices.Clone(r.pending), at, at+1)
	s.putBundle(c.Bundle, r)
}
