package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/shard"
	"github.com/usherhq/usher/waitroom"
)

// MaxItems bounds the events of one reservation.
const MaxItems = shard.MaxItems

// claim is a reservation on its way, its names resolved to numbers.
type claim struct {
	e        *Engine
	req      *HoldRequest
	mode     Mode
	routing  *Routing
	refs     []*eventRef  // of the items
	items    []shard.Item // one each
	ttl      time.Duration
	admitted admitted
	key      shard.Key // of the home, which is the first item's event
}

// holdOne is a reservation of one event that is more than a list of seats.
func (e *Engine) holdOne(ctx context.Context, ref *eventRef, r *HoldRequest, mode Mode, routing *Routing) (Hold, error) {
	if r.AnyOf || r.SameSeats {
		return Hold{}, &InvalidError{"items", "are what any_of and same_seats speak of"}
	}
	c := &claim{e: e, req: r, mode: mode, routing: routing, refs: []*eventRef{ref}}
	it := ItemRequest{EventID: r.EventID, SeatIDs: r.SeatIDs, Areas: r.Areas, Best: r.Best, Expected: r.Expected, IfVersion: r.IfVersion, ChannelKey: r.ChannelKey}
	if err := c.prepare(ctx, []ItemRequest{it}, ""); err != nil {
		return Hold{}, err
	}
	return c.run(ctx)
}

// holdItems is a reservation over several events.
func (e *Engine) holdItems(ctx context.Context, r *HoldRequest) (Hold, error) {
	if err := r.checkItems(); err != nil {
		return Hold{}, err
	}
	c := &claim{e: e, req: r}
	for i := range r.Items {
		ref, err := e.event(ctx, r.Items[i].EventID)
		if err != nil {
			return Hold{}, err
		}
		for j, other := range c.refs {
			if other == ref {
				return Hold{}, &InvalidError{fmt.Sprintf("items[%d].event_id", i), fmt.Sprintf("is that of items[%d] as well", j)}
			}
		}
		c.refs = append(c.refs, ref)
	}
	if err := c.oneCurrency(); err != nil {
		return Hold{}, err
	}
	var err error
	if c.mode, c.routing, err = e.pattern(c.refs, r); err != nil {
		return Hold{}, err
	}
	if c.routing != nil {
		defer e.latency.timed()()
	}
	if err := c.prepare(ctx, r.Items, "items"); err != nil {
		return Hold{}, err
	}
	return c.run(ctx)
}

// checkItems wants nothing beside the items that the items have themselves.
func (r *HoldRequest) checkItems() error {
	for _, f := range []struct {
		name  string
		given bool
	}{
		{"event_id", r.EventID != ""}, {"seat_ids", r.SeatIDs != nil}, {"areas", r.Areas != nil}, {"best", r.Best != nil},
		{"expected", r.Expected != nil}, {"if_version", r.IfVersion != nil}, {"channel_key", r.ChannelKey != ""},
	} {
		if f.given {
			return &InvalidError{f.name, "belongs into the items, where there are items"}
		}
	}
	switch {
	case len(r.Items) > MaxItems:
		return &InvalidError{"items", fmt.Sprintf("%d events, at most %d are possible", len(r.Items), MaxItems)}
	case r.AnyOf && r.SameSeats:
		return &InvalidError{"same_seats", "is of all items, any_of is of one"}
	}
	return nil
}

// oneCurrency wants what is paid together to be paid in one currency.
func (c *claim) oneCurrency() error {
	currency := ""
	for i, ref := range c.refs {
		if ref.currency == "" || c.req.AnyOf {
			continue
		}
		if currency != "" && ref.currency != currency {
			return &InvalidError{fmt.Sprintf("items[%d].event_id", i), fmt.Sprintf("%s costs %s, another item %s", ref.id, ref.currency, currency)}
		}
		currency = ref.currency
	}
	return nil
}

// prepare checks the request and resolves its names; path is where the items stand in it. With an
// admission the session begins.
func (c *claim) prepare(ctx context.Context, items []ItemRequest, path string) error {
	r := c.req
	if err := checkText("holder_id", r.HolderID); err != nil {
		return err
	}
	if err := r.Orphans.check(); err != nil {
		return err
	}
	var err error
	if c.ttl, err = c.refs[0].ttl(r, c.mode); err != nil {
		return err
	}
	people := 0
	for i := range items {
		b := itemBuilder{ref: c.refs[i], in: &items[i], mode: c.mode, routed: c.routing != nil, accept: r.Accept, orphans: orphanPolicies[r.Orphans]}
		if path != "" {
			b.path = fmt.Sprintf("%s[%d].", path, i)
		}
		it, n, err := b.build()
		if err != nil {
			return err
		}
		c.items = append(c.items, it)
		if people += n; !r.AnyOf && people > MaxSeatsPerHold {
			return &InvalidError{b.path + "seat_ids", fmt.Sprintf("%d seats and places in all, at most %d are possible", people, MaxSeatsPerHold)}
		}
		a, err := c.e.admit(ctx, c.refs[i], r, c.mode)
		if err != nil {
			return err
		}
		if a.ok && c.admitted.room == nil {
			c.admitted = a
		}
	}
	if err := c.alike(); err != nil {
		return err
	}
	if r.SameSeats && !c.sameBest() {
		return &InvalidError{"same_seats", "wants the same best in every item, and one chart"}
	}
	if err := c.makeKey(ctx, items); err != nil {
		return err
	}
	return c.e.begin(ctx, &c.admitted)
}

func (c *claim) sameBest() bool {
	first := c.items[0].Best
	for i := range c.items {
		b := c.items[i].Best
		if b == nil || first == nil || *b != *first || c.refs[i].chartSHA != c.refs[0].chartSHA {
			return false
		}
	}
	return true
}

// makeKey fingerprints all that was asked for.
func (c *claim) makeKey(ctx context.Context, items []ItemRequest) (err error) {
	r := c.req
	if r.IdempotencyKey == "" {
		return nil
	}
	said, err := json.Marshal([]any{items, r.AnyOf, r.SameSeats, r.Mode, r.Accept, r.Orphans, r.TTL, r.HolderID})
	if err != nil {
		return err
	}
	c.key, err = requestKey(ctx, "hold", c.refs[0], r.IdempotencyKey, string(said))
	return err
}

// run makes the claim: in one entry where all events are in one group.
func (c *claim) run(ctx context.Context) (h Hold, err error) {
	switch {
	case c.oneGroup():
		h, err = c.inGroup(ctx)
	case c.req.AnyOf:
		h, err = c.firstOf(ctx)
	default:
		h, err = c.across(ctx)
	}
	c.e.metrics.claim(c.mode, err)
	h.Routing = c.routing
	return h, err
}

func (c *claim) oneGroup() bool {
	for _, ref := range c.refs {
		if ref.group != c.refs[0].group {
			return false
		}
	}
	return true
}

// command is the claim of some of the items.
func (c *claim) command(items []shard.Item) *shard.Claim {
	return &shard.Claim{
		Items: items, Any: c.req.AnyOf && len(items) > 1, Same: c.req.SameSeats && len(items) > 1, Lease: c.mode == ModeLease,
		Admitted: c.admitted.ok, TTL: c.ttl.Milliseconds(), Holder: []byte(c.req.HolderID),
	}
}

func (c *claim) inGroup(ctx context.Context) (Hold, error) {
	cmd := c.command(c.items)
	cmd.Key = c.key
	res, err := c.e.claimIn(ctx, c.refs[0].group, cmd, c.admitted.in(c.refs[0].group), !c.key.IsZero())
	if err != nil {
		return Hold{}, err
	}
	c.contend(c.refs[0].group, &res)
	if res.Err != nil {
		return Hold{}, c.refusal(&res)
	}
	return c.granted(ctx, &res)
}

func (e *Engine) claimIn(ctx context.Context, group int, cmd *shard.Claim, pass waitroom.Pass, repeatable bool) (shard.Result, error) {
	r := raftfsm.NewRequest()
	r.Cmd.Op, r.Cmd.Claim, r.Cmd.Pass = raftfsm.OpClaim, cmd, pass
	return e.propose(ctx, group, r, repeatable)
}

// firstOf tries items of several groups one after the other. Each attempt has a key of
// its own, made from the caller's, so that a repeated request finds what it was given.
func (c *claim) firstOf(ctx context.Context) (h Hold, first error) {
	for i := range c.refs {
		one := *c
		one.refs, one.items = c.refs[i:i+1], c.items[i:i+1]
		if !c.key.IsZero() {
			one.key.Hash[15] ^= byte(i + 1)
		}
		h, err := one.inGroup(ctx)
		if err == nil || OutcomeOf(err) != OutcomeNotApplied || !isRefusal(err) {
			return h, err
		}
		if first == nil {
			first = err
		}
	}
	return Hold{}, first
}
