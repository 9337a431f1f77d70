package engine

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/shard"
)

// CreateEvent puts an event on a chart. It is placed in the directory first, which
// decides that its id is unique, then made in its group, then marked active; an event
// whose creation stopped halfway is completed by whoever meets it. Errors:
// *InvalidError, ErrUnknownChart, ErrEventExists, ErrIdempotencyMismatch, and those of
// consensus; one with OutcomeApplied means that the event is placed.
func (e *Engine) CreateEvent(ctx context.Context, spec EventSpec) (Event, error) {
	set, err := spec.normalize()
	if err != nil {
		return Event{}, err
	}
	sum, err := e.chartSum(ctx, spec.ChartID, "")
	if err != nil {
		return Event{}, err
	}
	x, err := e.chartIndex(sum)
	if err != nil {
		return Event{}, err
	}
	if err := spec.checkPrices(x.Chart()); err != nil {
		return Event{}, err
	}
	if err := e.checkRoom(ctx, &set); err != nil {
		return Event{}, err
	}
	place, err := e.newPlacement(ctx, &set, sum)
	if err != nil {
		return Event{}, err
	}
	if place.Create.Plan, err = e.putPlan(ctx, x); err != nil {
		return Event{}, err
	}
	r := raftfsm.NewRequest()
	r.Cmd.Op = raftfsm.PlaceOp(place)
	r.Cmd.Place = *place
	// The epoch makes it repeatable: the same one finds its own event.
	res, err := e.propose(ctx, 0, r, true)
	if err == nil {
		err = res.Err
	}
	if err != nil {
		if errors.Is(err, ErrEventExists) {
			err = fmt.Errorf("%w: %s", ErrEventExists, place.Create.ID)
		}
		return Event{}, err
	}
	ev, err := e.Event(ctx, place.Create.ID)
	if err != nil {
		return Event{}, applied(err) // placed it is; whoever meets it completes it
	}
	// What has come after the creation is not part of its answer: repeated with its
	// idempotency key it says the same.
	ev.Version, ev.Seats = 0, SeatCounts{Total: ev.Seats.Total, Available: ev.Seats.Total}
	return ev, nil
}

// newPlacement makes what the directory is asked. With an idempotency key the epoch is
// made from it, so that a repeated request is known by it for ever.
func (e *Engine) newPlacement(ctx context.Context, set *settings, sum [32]byte) (*raftfsm.PlaceEvent, error) {
	meta, err := json.Marshal(set)
	if err != nil {
		return nil, err
	}
	if len(meta) > shard.MaxMetaLen {
		return nil, &InvalidError{"prices", "the event's settings are too large"}
	}
	p := &raftfsm.PlaceEvent{Series: set.Series, ChartID: set.ChartID}
	p.Create = shard.CreateEvent{ID: set.eventID(), Chart: sum, Meta: meta, Rules: set.rules()}
	if set.OnsaleAt != nil {
		p.Create.OnsaleAt = max(set.OnsaleAt.UnixMilli(), 0)
	}
	if _, err := rand.Read(p.Create.Secret[:]); err != nil {
		return nil, err
	}
	if set.IdempotencyKey == "" {
		_, err = rand.Read(p.Create.Epoch[:])
		return p, err
	}
	h := sha256.Sum256([]byte("epoch\x00" + CallerFrom(ctx).Name + "\x00" + p.Create.ID + "\x00" + set.IdempotencyKey))
	copy(p.Create.Epoch[:], h[:])
	return p, nil
}

// finishEvent makes a placed event in its group and marks it active.
func (e *Engine) finishEvent(ctx context.Context, p *raftfsm.Placement) error {
	var packed *shard.Chart
	var create shard.CreateEvent
	if err := e.reader(0).ViewDirectory(func(d *raftfsm.Directory) { packed, create = d.Chart(p.Create.Chart), d.Founding(p) }); err != nil {
		return err
	}
	if packed == nil {
		return fmt.Errorf("%w: %s", ErrUnknownChart, p.ChartID)
	}
	if err := e.sendChart(ctx, int(p.Group), packed); err != nil {
		return err
	}
	if err := e.sendPlan(ctx, int(p.Group), p.Create.Plan); err != nil {
		return err
	}
	r := raftfsm.NewRequest()
	r.Cmd.Op = raftfsm.CreateOp(&create)
	r.Cmd.Create = create
	res, err := e.propose(ctx, int(p.Group), r, true)
	if err == nil {
		err = res.Err
	}
	if err != nil {
		return fmt.Errorf("usher: making event %s in group %d: %w", p.Create.ID, p.Group, err)
	}
	if err := e.finishRoom(ctx, p, res.Event); err != nil {
		return err
	}
	r = raftfsm.NewRequest()
	r.Cmd.Op = raftfsm.OpActivateEvent
	r.Cmd.Activate = raftfsm.ActivateEvent{EventID: p.Create.ID}
	if res, err = e.propose(ctx, 0, r, true); err == nil {
		err = res.Err
	}
	return err
}
