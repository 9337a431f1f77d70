package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/shard"
)

// txnWait is how long a reservation over several groups may stay undecided, in its home
// group's time; after that anybody may give it up.
const txnWait = 15 * time.Second

// txn is a reservation over several groups: shard/txn.go says how it goes. This is its
// coordinator. It may die at any point: until Decide the bundle will be given up, and
// after it the keeper tells the others.
type txn struct {
	*claim
	home   int
	bundle uint32
	parts  []shard.Part // by item
	given  []shard.Granted
}

// across makes a claim of events in several groups.
func (c *claim) across(ctx context.Context) (Hold, error) {
	if c.req.SameSeats {
		return c.acrossSame(ctx)
	}
	t := &txn{claim: c, home: c.refs[0].group, parts: make([]shard.Part, len(c.refs)), given: make([]shard.Granted, len(c.refs))}
	known, err := t.begin(ctx)
	if err != nil {
		return Hold{}, err
	}
	if known != nil {
		return c.again(ctx, c.refs[0], known)
	}
	for _, group := range t.groups(true) {
		if err := t.prepareGroup(ctx, group); err != nil {
			return Hold{}, t.giveUp(ctx, err)
		}
	}
	return t.commit(ctx)
}

// groups are those that take part, ascending, which keeps two reservations from having
// each what the other waits for.
func (t *txn) groups(withHome bool) []int {
	var all []int
	for _, ref := range t.refs {
		if withHome || ref.group != t.home {
			all = append(all, ref.group)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// begin opens the bundle; known is what the key's first claim was told.
func (t *txn) begin(ctx context.Context) (known *shard.Result, err error) {
	b := &shard.Begin{Event: t.refs[0].no, Wait: txnWait.Milliseconds(), Key: t.key}
	for _, g := range t.groups(false) {
		b.Groups = append(b.Groups, uint16(g))
	}
	r := raftfsm.NewRequest()
	r.Cmd.Op, r.Cmd.Begin = raftfsm.OpBegin, b
	// Opened twice, one of them is given up in time.
	res, err := t.e.propose(ctx, t.home, r, true)
	if err == nil {
		err = res.Err
	}
	if err != nil {
		if t.key.IsZero() {
			// Nobody knows the bundle, if there is one, so nobody will commit it.
			err = notApplied(err)
		}
		return nil, err
	}
	if res.Bundle == 0 {
		return &res, nil
	}
	t.bundle = res.Number
	return nil, nil
}

// notApplied says of an error that what was asked for did not happen, nor will it.
func notApplied(err error) error {
	return &raftfsm.OutcomeError{Outcome: OutcomeNotApplied, Err: err}
}

// prepareGroup holds the items of one group until the bundle is decided. It may be
// repeated: the group knows the bundle.
func (t *txn) prepareGroup(ctx context.Context, group int) error {
	var at []int
	var items []shard.Item
	for i, ref := range t.refs {
		if ref.group == group {
			at, items = append(at, i), append(items, t.items[i])
		}
	}
	cmd := t.command(items)
	cmd.Any, cmd.Same = false, false
	cmd.Txn = shard.Txn{Home: uint16(t.home), Bundle: t.bundle}
	if group == t.home {
		cmd.Txn.Home = 0
	}
	res, err := t.e.claimIn(ctx, group, cmd, t.admitted.in(group), true)
	if err != nil {
		return err
	}
	t.contend(group, &res)
	if res.Err != nil {
		ref, i := t.refOf(group, res.Event)
		return t.refusalOf(ref, i, &res)
	}
	for k, g := range res.Granted {
		t.given[at[k]] = g
		t.parts[at[k]] = shard.Part{Event: g.Event, Hold: g.Hold}
		if group != t.home {
			t.parts[at[k]].Group = uint16(group)
		}
	}
	return nil
}

// giveUp frees what was prepared, and then tells why.
func (t *txn) giveUp(ctx context.Context, why error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), electionWait)
	defer cancel()
	res, err := t.e.decide(ctx, t.home, &shard.Decide{Bundle: t.bundle})
	if err != nil || res.Err != nil || res.Bundle != shard.BundleEnded {
		// Another call with the same key may have committed it.
		return &raftfsm.OutcomeError{Outcome: OutcomeUnknown, Err: why}
	}
	t.e.tell(ctx, t.home, t.bundle)
	if isRefusal(why) || OutcomeOf(why) == OutcomeNotApplied {
		return why
	}
	return notApplied(why)
}

func (e *Engine) decide(ctx context.Context, home int, d *shard.Decide) (shard.Result, error) {
	r := raftfsm.NewRequest()
	r.Cmd.Op, r.Cmd.Decide = raftfsm.OpDecide, d
	return e.propose(ctx, home, r, true)
}

// commit decides that the bundle stands.
func (t *txn) commit(ctx context.Context) (Hold, error) {
	res, err := t.e.decide(ctx, t.home, &shard.Decide{Bundle: t.bundle, Commit: true, TTL: t.ttl.Milliseconds(), Parts: t.parts})
	if err != nil {
		return Hold{}, &raftfsm.OutcomeError{Outcome: OutcomeUnknown, Err: err}
	}
	if res.Err != nil {
		why := res.Err
		if errors.Is(why, shard.ErrBundleEnded) {
			why = fmt.Errorf("%w: its groups did not answer within %v", ErrNoQuorum, txnWait)
		}
		return Hold{}, t.giveUp(ctx, why)
	}
	t.e.tell(ctx, t.home, t.bundle)
	h := t.refs[0].held(&res, t.req.HolderID, t.mode)
	h.Version = t.given[0].Version
	for i := range t.given {
		h.Items = append(h.Items, t.item(t.refs[i], i, &t.given[i]))
	}
	h.SeatIDs, h.Areas, h.Substituted = h.Items[0].SeatIDs, h.Items[0].Areas, h.Items[0].Substituted
	return h, nil
}

// sameTries is how often seats that are free on all nights are looked for, when somebody
// is quicker.
const sameTries = 3

// acrossSame finds the best seats that are free on events of several groups in what the
// groups have at this moment, and claims just these.
func (c *claim) acrossSame(ctx context.Context) (h Hold, err error) {
	for range sameTries {
		var seats []uint32
		if seats, err = c.bestOnAll(ctx); err != nil {
			return Hold{}, err
		}
		one := *c
		plain := *c.req
		plain.SameSeats = false
		one.req, one.items = &plain, slices.Clone(c.items)
		for i := range one.items {
			one.items[i].Best = nil
			one.items[i].Seats = append(slices.Clone(seats), c.items[i].Seats...)
		}
		if h, err = one.across(ctx); !errors.Is(err, ErrSeatsUnavailable) {
			return h, err
		}
	}
	return h, err
}

func (c *claim) bestOnAll(ctx context.Context) ([]uint32, error) {
	var all []uint64
	var plan *shard.Plan
	policy := shard.OrphansAllow
	for i, ref := range c.refs {
		if err := c.e.settle(ctx, ref.group); err != nil {
			return nil, err
		}
		if err := c.e.reader(ref.group).View(func(s *shard.State) {
			ev := s.Event(ref.no)
			free := ev.Vacancies(c.items[i].Channel)
			policy = max(policy, ev.Rules().Orphans, c.items[i].Orphans)
			plan = ev.Plan()
			if i == 0 {
				all = free
			}
			for w := range all {
				all[w] &= free[w]
			}
		}); err != nil {
			return nil, err
		}
	}
	if plan == nil {
		return nil, ErrNoPlan
	}
	seats, ok := plan.FindBest(c.items[0].Best, all, policy)
	if !ok {
		return nil, &SeatsUnavailableError{EventID: c.refs[0].id}
	}
	return seats, nil
}
