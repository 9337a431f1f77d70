package shard

// Claim asks for seats of one or several events of this group, in one of the ways that
// an Item has; all items or none, or with Any the first that can be had. What a plain
// Hold can say is better said with one.
type Claim struct {
	Items    []Item // 1…MaxItems, each of another event; the first is the home
	Any      bool   // the first item that can be had, and no other
	Same     bool   // the best seats that are free on all the items' events; the first item's Best counts
	Lease    bool   // see Hold
	Admitted bool   // see Hold
	TTL      int64  // milliseconds, MinTTL…MaxTTL
	Holder   []byte // 1…MaxHolderLen
	Txn      Txn
	Key      Key
}

// Item is what a Claim asks for of one event.
type Item struct {
	Event uint32
	// Seats are those wanted, strictly ascending, then places in areas; of an item with
	// Best places only, or none.
	Seats []uint32
	// Versions, if any, are the versions that the Seats must be at, one each: what has
	// changed since it was read is not taken.
	Versions []uint64
	// Since, if IfSince, is the event's version since which none of the Seats may have
	// changed.
	Since   uint64
	IfSince bool
	Fan     Fan
	Best    *Best
	Orphans Orphans  // at least this, however the event's rules are
	Channel [16]byte // hash of a channel's key; zero: none
}

// Fan says what becomes of wanted seats that are gone.
type Fan uint8

// What may become of wanted seats that are gone. Numbers are in the log.
const (
	FanNone       Fan = 0 // the claim is refused
	FanSubstitute Fan = 1 // others are taken for them, see Plan.fanOut
	FanSuggest    Fan = 2 // others are named in the refusal
)

// pick is what an item was given.
type pick struct {
	item  int
	seats []uint32
}

// Claim grants what is asked for, or says why not; then nothing changes, but that what
// had lapsed may have been ended. out.Number is the home's hold. Of a claim with Any
// out.Count is the item that was taken.
func (s *State) Claim(now int64, c *Claim, out *Result) {
	out.reset(now)
	if out.Err = s.checkClaim(c); out.Err != nil {
		return
	}
	home := s.events[c.Items[0].Event]
	out.Event, out.Version = home.no, home.version
	if s.recallClaim(now, c, out) || s.recallTxn(c, out) {
		return
	}
	for i := range c.Items {
		if e := s.events[c.Items[i].Event]; e.judgesAround(&c.Items[i]) {
			s.endDue(now, e)
		}
	}
	home = s.events[home.no]
	out.Version = home.version
	s.picks = s.picks[:0]
	if s.choose(now, c, out); out.Err != nil {
		s.markUndecided(c, out)
		return
	}
	if home.keys.full(home.maxKeys, &c.Key) {
		out.Err = ErrIdempotencyFull
		return
	}
	s.grantAll(now, c, out)
	s.own(home.no).remember(now, &c.Key, out)
}

// RefuseClaim is what RefuseHold is, for a Claim. It never searches: what would take one
// is not settled.
func (s *State) RefuseClaim(now int64, c *Claim, out *Result) bool {
	out.reset(now)
	if out.Err = s.checkClaim(c); out.Err != nil {
		return true
	}
	home := s.events[c.Items[0].Event]
	out.Event, out.Version = home.no, home.version
	if s.recallClaim(now, c, out) {
		return true
	}
	if c.Txn != (Txn{}) || c.Same || len(c.Items) > 1 && c.Any {
		return false
	}
	for i := range c.Items {
		if e := s.events[c.Items[i].Event]; e.due <= now && e.judgesAround(&c.Items[i]) {
			return false // what has lapsed is to be ended first, here and in other events
		}
	}
	for i := range c.Items {
		if e := s.events[c.Items[i].Event]; e.hopeless(now, c, i, out) {
			s.markUndecided(c, out)
			return true
		} else if e.judgesMore(&c.Items[i]) {
			return false // it may be refused before those that follow
		}
	}
	return false
}

// recallClaim is recall, and says which item of any was taken.
func (s *State) recallClaim(now int64, c *Claim, out *Result) bool {
	if !s.events[c.Items[0].Event].recall(now, &c.Key, out) {
		return false
	}
	if c.Any && out.Err == nil && int(out.Count) < len(c.Items) {
		out.Event = c.Items[out.Count].Event
	}
	return true
}

// hopeless tells whether an item cannot be had, as far as that can be told without a
// search, and why.
func (e *Event) hopeless(now int64, c *Claim, i int, out *Result) bool {
	it := &c.Items[i]
	t := c.terms(it)
	from := len(out.Conflicts)
	err := e.checkItem(now, it, &t)
	switch {
	case err != nil:
	case it.Best == nil && (it.Fan == FanNone || len(seatsOnly(it.Seats)) == 0):
		err = e.asWanted(now, it, &t, nil, out)
	case t.channel == 0 && e.counts.Available < it.chosen():
		err = e.soldOut(now, it, out)
	}
	if err == nil {
		return false
	}
	out.Err, out.Event, out.Version = err, e.no, e.version
	markItem(out.Conflicts[from:], i)
	return true
}

// chosen is how many seats a search is to find.
func (it *Item) chosen() uint32 {
	if it.Best != nil {
		return uint32(it.Best.Quantity)
	}
	return uint32(len(seatsOnly(it.Seats)))
}

// soldOut is what a search is told that has fewer seats to look through than it wants. An
// item with Best names no versions.
func (e *Event) soldOut(now int64, it *Item, out *Result) error {
	if err := e.changed(it, out); err != nil {
		return err
	}
	return e.unavailable(now, it.Seats, 0, out)
}

func (it *Item) searches() bool { return it.Best != nil || it.Fan != FanNone }

// judgesAround tells whether an item is judged by more than its own seats, see lookAround.
func (e *Event) judgesAround(it *Item) bool {
	return it.searches() || it.Orphans != OrphansAllow || e.lookAround(it.Seats)
}

// judgesMore tells whether an item can be refused for what hopeless does not look at.
func (e *Event) judgesMore(it *Item) bool {
	return it.searches() || max(it.Orphans, e.rules.Orphans) != OrphansAllow
}

func (c *Claim) terms(it *Item) terms {
	t := terms{ttl: c.TTL, holder: c.Holder, admitted: c.Admitted, orphans: it.Orphans}
	if c.Lease {
		t.flags = HoldLease
	}
	return t
}

// checkClaim judges the claim's form.
func (s *State) checkClaim(c *Claim) error {
	if len(c.Items) == 0 || len(c.Items) > MaxItems || c.Any && c.Same || c.Same && c.Items[0].Best == nil {
		return ErrBadRequest
	}
	if c.Txn != (Txn{}) && (c.Any || !c.Key.IsZero() || c.Txn.Bundle == 0 || c.Txn.Home > MaxGroups) {
		return ErrBadRequest
	}
	total := uint32(0)
	for i := range c.Items {
		it := &c.Items[i]
		if it.Event >= uint32(len(s.events)) {
			return ErrUnknownEvent
		}
		for j := range i {
			if c.Items[j].Event == it.Event {
				return ErrBadRequest
			}
		}
		n, err := it.check()
		if err != nil {
			return err
		}
		if total += n; !c.Any && total > MaxSeatsPerHold {
			return ErrBadRequest
		}
	}
	return nil
}

// check judges an item's form, and tells how many people it is for.
func (it *Item) check() (people uint32, err error) {
	own := seatsOnly(it.Seats)
	people = weight(it.Seats)
	if it.Best != nil {
		people += uint32(it.Best.Quantity)
	}
	switch {
	case it.Best != nil && (len(own) > 0 || it.Fan != FanNone || it.Versions != nil || it.IfSince),
		it.Best == nil && len(it.Seats) == 0,
		it.Best != nil && it.Best.Apart && it.Best.Quantity > MaxApart,
		it.Fan > FanSuggest || it.Orphans > OrphansForbid,
		it.Versions != nil && len(it.Versions) != len(it.Seats),
		people > MaxSeatsPerHold:
		return 0, ErrBadRequest
	}
	return people, nil
}

// grantAll writes what was picked: one hold an event, tied together by a bundle when
// there are several, or when it is not decided here.
func (s *State) grantAll(now int64, c *Claim, out *Result) {
	t := c.terms(&c.Items[0])
	link := uint32(0)
	if c.Txn != (Txn{}) {
		t.ttl = never - now // until the home says
		link = s.joinTxn(now, c.Txn)
	} else if len(s.picks) > 1 {
		link = s.newBundle(bundle{state: BundleHeld})
	}
	parts := make([]Part, len(s.picks))
	out.Granted = make([]Granted, len(s.picks))
	for i := range s.picks {
		k := &s.picks[i]
		e := s.own(c.Items[k.item].Event)
		s.lapse(e, now, k.seats)
		var one Result
		e.grant(now, k.seats, &t, link, &one)
		parts[i] = Part{Event: e.no, Hold: one.Number}
		out.Granted[i] = Granted{Event: e.no, Hold: one.Number, Token: one.Token, Version: one.Version, Seats: append([]uint32(nil), k.seats...)}
		if i == 0 {
			out.Event, out.Number, out.Token, out.Version, out.Expires = e.no, one.Number, one.Token, one.Version, one.Expires
		}
	}
	out.Count = uint32(s.picks[0].item)
	if link != 0 {
		s.addParts(link, parts)
	}
}
