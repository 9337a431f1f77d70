package engine

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/usherhq/usher/engine/chart"
	"github.com/usherhq/usher/engine/heat"
	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/shard"
)

// eventRef is what the engine knows of an event that never changes: strings become
// numbers here, once, before the hot path. Only what attempts and routing point to or
// guard goes with the time.
type eventRef struct {
	id       string
	group    int
	no       uint32
	epoch    string
	created  int64
	settings settings
	chart    *chart.Index
	shape    *heat.Shape // of chart
	scale    *scale      // likewise
	attempts *heat.Counter
	chartSHA string
	ciphers  idCiphers
	prices   []int64 // by seat, minor units; nil when nothing has a price
	currency string
	routing  eventRouting
	room     atomic.Pointer[eventRoom] // see roomOf
	listKey  string                    // orders events: '!' sorts before all that is in dates and ids
}

// settings are an event's as they stand in the log, with the defaults filled in.
type settings struct {
	EventSpec
	StartsAt time.Time `json:"starts_at"`
}

// catalogue caches events and charts: both are immutable under their keys.
type catalogue struct {
	events sync.Map // event id → *eventRef
	byNo   sync.Map // eventNo → *eventRef
	charts sync.Map // [32]byte → *chart.Index
	rooms  sync.Map // eventNo (of a room) → *roomRef
	plans  sync.Map // *chart.Index → *shard.Chart: the plan as it travels
	shapes sync.Map // *chart.Index → *heat.Shape
	scales sync.Map // *chart.Index → *scale
}

type eventNo struct {
	group int
	no    uint32
}

// event finds an event by its id. One that is still being created is finished here, as
// whoever made it may be gone.
func (e *Engine) event(ctx context.Context, id string) (*eventRef, error) {
	if ref, ok := e.catalogue.events.Load(id); ok {
		return ref.(*eventRef), nil
	}
	// Whatever is in the cache was put there by an engine that was ready.
	if err := e.Ready(); err != nil {
		return nil, err
	}
	p, err := e.placement(ctx, id)
	if err != nil {
		return nil, err
	}
	if !p.Active {
		if err := e.finishEvent(ctx, p); err != nil {
			return nil, err
		}
	}
	return e.loadEvent(ctx, p)
}

// placement is where an event was placed; ErrUnknownEvent if it was not.
func (e *Engine) placement(ctx context.Context, id string) (p *raftfsm.Placement, err error) {
	err = e.sure(ctx, 0, func() error {
		if err := e.reader(0).ViewDirectory(func(d *raftfsm.Directory) { p = d.Placement(id) }); err != nil {
			return err
		}
		if p == nil {
			return fmt.Errorf("%w: %s", ErrUnknownEvent, id)
		}
		return nil
	})
	return p, err
}

// placements are all events that the directory knows of, half created ones included.
func (e *Engine) placements() (all []*raftfsm.Placement, err error) {
	viewErr := e.reader(0).ViewDirectory(func(d *raftfsm.Directory) { all = d.Placements() })
	return all, viewErr
}

// eventByNo finds an event by where it is; ids of holds lead here.
func (e *Engine) eventByNo(ctx context.Context, group int, no uint32) (*eventRef, error) {
	if ref, ok := e.catalogue.byNo.Load(eventNo{group, no}); ok {
		return ref.(*eventRef), nil
	}
	if err := e.Ready(); err != nil {
		return nil, err
	}
	if group < 1 || group >= e.nodes[0].Groups() {
		return nil, ErrUnknownEvent
	}
	var id string
	err := e.sure(ctx, group, func() error {
		if err := e.reader(group).View(func(s *shard.State) {
			if ev := s.Event(no); ev != nil {
				id = ev.ID()
			}
		}); err != nil {
			return err
		}
		if id == "" {
			return ErrUnknownEvent
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return e.event(ctx, id)
}

// loadEvent reads an active event's constants from its group.
func (e *Engine) loadEvent(ctx context.Context, p *raftfsm.Placement) (*eventRef, error) {
	ref := &eventRef{id: p.Create.ID, group: int(p.Group), chartSHA: hex.EncodeToString(p.Create.Chart[:])}
	var secret [32]byte
	var eras []shard.Era
	if err := e.sure(ctx, ref.group, ref.fromGroup(e, &secret, &eras)); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(p.Create.Meta, &ref.settings); err != nil {
		return nil, fmt.Errorf("%w: settings of event %s: %w", ErrDamaged, ref.id, err)
	}
	var err error
	if ref.ciphers, err = newIDCiphers(secret, eras); err != nil {
		return nil, err
	}
	if ref.chart, err = e.chartIndex(p.Create.Chart); err != nil {
		return nil, err
	}
	if ref.shape, err = e.catalogue.shape(ref.chart); err != nil {
		return nil, err
	}
	ref.scale = e.catalogue.scale(ref.chart)
	ref.attempts = e.heat.Counter(ref.heatKey(), ref.shape)
	ref.price()
	ref.listKey = ref.settings.EventDate + "!" + ref.settings.ShowTime + "!" + ref.id
	actual, _ := e.catalogue.events.LoadOrStore(ref.id, ref)
	ref = actual.(*eventRef)
	e.catalogue.byNo.Store(eventNo{ref.group, ref.no}, ref)
	return ref, nil
}

// errNotHere: the group's replica here is behind the directory's.
var errNotHere = fmt.Errorf("%w: the event is not here yet", ErrStarting)

// fromGroup reads what the event's group knows of it.
func (ref *eventRef) fromGroup(e *Engine, secret *[32]byte, eras *[]shard.Era) func() error {
	return func() error {
		found := false
		if err := e.reader(ref.group).View(func(s *shard.State) {
			if ref.no, found = s.Find(ref.id); found {
				ev := s.Event(ref.no)
				epoch := ev.Epoch()
				ref.epoch, ref.created = hex.EncodeToString(epoch[:]), ev.CreatedAt()
				*secret, *eras = ev.Secret(), ev.Eras()
			}
		}); err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("%w: %s", errNotHere, ref.id)
		}
		return nil
	}
}

// price notes what each seat costs.
func (r *eventRef) price() {
	if len(r.settings.Prices) == 0 {
		return
	}
	r.prices = make([]int64, r.chart.Len())
	for i := range r.prices {
		r.prices[i] = r.settings.Prices[r.chart.Category(uint32(i))].Amount
	}
	for _, m := range r.settings.Prices {
		r.currency = m.Currency // they are all the same, checked at creation
	}
}

// amount is what the seats and places cost together; nil when nothing of the event has a
// price.
func (r *eventRef) amount(seats []uint32) *Money {
	if r.prices == nil {
		return nil
	}
	m := &Money{Currency: r.currency}
	for _, s := range seats {
		if no, n, ok := shard.SplitCode(s); ok {
			m.Amount += int64(n) * r.settings.Prices[r.chart.Areas()[no].Category].Amount
		} else {
			m.Amount += r.prices[s]
		}
	}
	return m
}

// places names seats, and the areas behind them.
func (r *eventRef) places(codes []uint32) (ids []string, areas []AreaRequest) {
	ids = make([]string, 0, len(codes))
	for _, c := range codes {
		if no, n, ok := shard.SplitCode(c); ok {
			areas = append(areas, AreaRequest{AreaID: r.chart.Areas()[no].AreaID, Quantity: int(n)})
		} else {
			ids = append(ids, r.chart.ID(c))
		}
	}
	return ids, areas
}

// ids names seats.
func (r *eventRef) ids(seats []uint32) []string {
	out := make([]string, len(seats))
	for i, s := range seats {
		out[i] = r.chart.ID(s)
	}
	return out
}

func (r *eventRef) holdID(number uint32) string {
	return makeID(r.ciphers.of(kindHold, number), kindHold, r.group, r.no, number)
}

func (r *eventRef) bookingID(number uint32) string {
	return makeID(r.ciphers.of(kindBooking, number), kindBooking, r.group, r.no, number)
}

// find resolves an id of the kind; unknown is what a forged or malformed one is called.
func (e *Engine) find(ctx context.Context, kind idKind, id string, unknown error) (*eventRef, uint32, error) {
	raw, ok := parseID(kind, id)
	if !ok {
		return nil, 0, unknown
	}
	ref, err := e.eventByNo(ctx, raw.group, raw.event)
	if errors.Is(err, ErrUnknownEvent) || err == nil && !raw.genuine(ref.ciphers.of(kind, raw.number)) {
		return nil, 0, unknown
	}
	return ref, raw.number, err
}
