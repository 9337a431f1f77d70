package engine

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/shard"
)

// Hold claims what is asked for, all or none. What it returns stands in the log of a
// majority. Errors: *InvalidError, *UnknownSeatError, *SeatsUnavailableError (naming the
// seats in the way), *VersionConflictError, *LimitError, *OrphanError, ErrUnknownEvent,
// ErrUnknownArea, ErrNotOnSale, ErrAdmissionRequired, ErrAdmissionInvalid, ErrAdmissionForeign,
// ErrAdmissionExpired, ErrAdmissionReplayed, ErrUnknownChannel, ErrNoPlan, those of idempotency
// keys, and those of consensus.
func (e *Engine) Hold(ctx context.Context, r HoldRequest) (Hold, error) {
	if len(r.Items) > 0 {
		other := r // the crowd's requests stay on their stacks
		return e.holdItems(ctx, &other)
	}
	ref, err := e.event(ctx, r.EventID)
	if err != nil {
		return Hold{}, err
	}
	if mode := r.mode(ref); r.plain(mode) && !ref.gated() {
		return e.holdPlain(ctx, ref, &r, mode, admitted{})
	}
	other := r
	return e.holdOther(ctx, ref, &other)
}

// mode is the request's, else the event's.
func (r *HoldRequest) mode(ref *eventRef) Mode {
	if r.Mode == "" {
		return ref.settings.Strategy
	}
	return r.Mode
}

// plain tells whether the request is for exactly these seats and nothing else.
func (r *HoldRequest) plain(mode Mode) bool {
	return (mode == ModeDirect || mode == ModeLease) && r.exact()
}

// exact tells whether all that the request wants of its event is these seats.
func (r *HoldRequest) exact() bool {
	return r.Best == nil && len(r.Areas) == 0 && r.Expected == nil && r.IfVersion == nil && r.Orphans == "" &&
		r.ChannelKey == "" && !r.AnyOf && !r.SameSeats && (r.Accept == "" || r.Accept == AcceptExact)
}

// holdOther is for what takes more than these seats: a pattern, or somebody's word.
func (e *Engine) holdOther(ctx context.Context, ref *eventRef, r *HoldRequest) (Hold, error) {
	mode, routing, err := e.pattern([]*eventRef{ref}, r)
	if err != nil {
		return Hold{}, err
	}
	if routing != nil {
		defer e.latency.timed()()
	}
	if !r.exact() || !r.plain(mode) && mode != ModeQueue {
		return e.holdOne(ctx, ref, r, mode, routing)
	}
	a, err := e.admit(ctx, ref, r, mode)
	if err != nil {
		return Hold{}, err
	}
	h, err := e.holdPlain(ctx, ref, r, mode, a)
	h.Routing = routing
	return h, err
}

// holdPlain is the short way, for the crowd.
func (e *Engine) holdPlain(ctx context.Context, ref *eventRef, r *HoldRequest, mode Mode, a admitted) (Hold, error) {
	req, err := ref.holdRequest(ctx, r, mode, a.ok)
	if err != nil {
		return Hold{}, err
	}
	if err := e.begin(ctx, &a); err != nil {
		req.Free()
		return Hold{}, err
	}
	req.Cmd.Pass = a.pass
	tried := triedSeats(req.Cmd.Hold.Seats)
	res, err := e.propose(ctx, ref.group, req, r.IdempotencyKey != "")
	if err == nil && res.Err != nil {
		err = ref.refusal(&res, r.SeatIDs)
	}
	e.metrics.claim(mode, err)
	e.contend(ref, tried, &res, err)
	if err != nil {
		return Hold{}, err
	}
	h := ref.held(&res, r.HolderID, mode)
	h.SeatIDs = slices.Clone(r.SeatIDs)
	return h, nil
}

// held is the hold that a claim was granted, but for what is in it.
func (ref *eventRef) held(res *shard.Result, holder string, mode Mode) Hold {
	return Hold{
		HoldID: ref.holdID(res.Number), EventID: ref.id, HolderID: holder, Status: HoldHeld, FencingToken: res.Token,
		HeldAt: unixMilli(res.Now), ExpiresAt: unixMilli(res.Expires), ServerTime: unixMilli(res.Now), Version: res.Version,
		Mode: leaseMode(mode == ModeLease),
	}
}

// asLeftBy makes a hold that was read what a command left: what has come after that is not
// part of its answer.
func (h *Hold) asLeftBy(res *shard.Result) {
	h.Status, h.BookingID = HoldHeld, ""
	h.ExpiresAt, h.ServerTime, h.Version = unixMilli(res.Expires), unixMilli(res.Now), res.Version
}

// leaseMode is what a hold says of how it was made.
func leaseMode(lease bool) Mode {
	if lease {
		return ModeLease
	}
	return ""
}

// defaultLease is how long a lease lasts that asks for no time of its own.
const defaultLease = 30 * time.Second

// ttl is how long a hold lasts.
func (ref *eventRef) ttl(r *HoldRequest, mode Mode) (time.Duration, error) {
	ttl := r.TTL
	switch {
	case ttl != 0:
	case mode == ModeLease && r.Mode == ModeLease:
		ttl = defaultLease
	default:
		// A lease that the event or the router chose lasts as long as a hold would: who did
		// not ask for one will not renew it.
		ttl = time.Duration(ref.settings.HoldSeconds) * time.Second
	}
	return ttl, checkTTL("ttl_seconds", ttl)
}

// holdRequest checks the request and resolves its names to numbers.
func (ref *eventRef) holdRequest(ctx context.Context, r *HoldRequest, mode Mode, admitted bool) (*raftfsm.Request, error) {
	if err := checkText("holder_id", r.HolderID); err != nil {
		return nil, err
	}
	ttl, err := ref.ttl(r, mode)
	if err != nil {
		return nil, err
	}
	var key shard.Key
	if r.IdempotencyKey != "" {
		fields := append([]string{r.HolderID, strconv.FormatInt(int64(r.TTL), 10)}, r.SeatIDs...)
		if r.Mode == ModeLease {
			fields = append(fields, string(r.Mode))
		}
		if key, err = requestKey(ctx, "hold", ref, r.IdempotencyKey, fields...); err != nil {
			return nil, err
		}
	}
	req := raftfsm.NewRequest()
	seats, err := ref.resolve(r.SeatIDs, MaxSeatsPerHold, req.Seats)
	if err != nil {
		req.Free()
		return nil, err
	}
	req.Cmd.Hold = shard.Hold{
		Event: ref.no, Seats: seats, TTL: ttl.Milliseconds(), Holder: req.Holder(r.HolderID),
		Lease: mode == ModeLease, Admitted: admitted, Key: key,
	}
	req.Cmd.Op = raftfsm.HoldOp(&req.Cmd.Hold)
	return req, nil
}

// newSeats is room for resolve that is made anew.
func newSeats(n int) []uint32 { return make([]uint32, n) }

// resolve turns seat ids into numbers, ascending, in the room it asks for.
func (ref *eventRef) resolve(ids []string, limit int, room func(int) []uint32) ([]uint32, error) {
	if len(ids) == 0 || len(ids) > limit {
		return nil, &InvalidError{"seat_ids", fmt.Sprintf("%d seats, 1…%d are possible", len(ids), limit)}
	}
	buf := room(len(ids))
	var unknown []string
	for i, id := range ids {
		n, ok := ref.chart.Find(id)
		if !ok {
			unknown = append(unknown, id)
			continue
		}
		buf[i] = n
	}
	if unknown != nil {
		return nil, &UnknownSeatError{unknown}
	}
	slices.Sort(buf)
	for i := 1; i < len(buf); i++ {
		if buf[i] == buf[i-1] {
			id := ref.chart.ID(buf[i])
			first := slices.Index(ids, id)
			return nil, &InvalidError{fmt.Sprintf("seat_ids[%d]", first+1+slices.Index(ids[first+1:], id)), fmt.Sprintf("seat %s twice", id)}
		}
	}
	return buf, nil
}

// HoldByID reads a hold, for 24 hours of log time after it ended.
func (e *Engine) HoldByID(ctx context.Context, holdID string) (Hold, error) {
	ref, n, err := e.find(ctx, kindHold, holdID, ErrUnknownHold)
	if err != nil {
		return Hold{}, err
	}
	h, _, err := e.readHold(ctx, ref, n)
	return h, err
}

// readBack is readHold of what was just written.
func (e *Engine) readBack(ctx context.Context, ref *eventRef, n uint32) (Hold, []uint32, error) {
	if err := e.follow(ctx, ref.group); err != nil {
		return Hold{}, nil, err
	}
	return e.readHold(ctx, ref, n)
}

// readHold reads a hold as it stands, and its seats' numbers. Of a bundle only the hold
// that leads it is one.
func (e *Engine) readHold(ctx context.Context, ref *eventRef, n uint32) (h Hold, seats []uint32, err error) {
	if err := e.settle(ctx, ref.group); err != nil {
		return Hold{}, nil, err
	}
	err = e.sure(ctx, ref.group, func() error {
		h, seats, err = e.localHold(ctx, ref, n)
		return err
	})
	return h, seats, err
}

func (e *Engine) localHold(ctx context.Context, ref *eventRef, n uint32) (Hold, []uint32, error) {
	var info shard.HoldInfo
	var bundle shard.BundleInfo
	var found bool
	g := e.reader(ref.group)
	h := Hold{EventID: ref.id, HoldID: ref.holdID(n)}
	err := g.View(func(s *shard.State) {
		ev := s.Event(ref.no)
		info, found = ev.HoldInfo(n)
		bundle, _ = s.Bundle(info.Bundle)
		h.FencingToken, h.Version = ev.Token(n), ev.Version()
	})
	if err != nil {
		return Hold{}, nil, err
	}
	if !found {
		return Hold{}, nil, ErrUnknownHold
	}
	if info.Bundle != 0 {
		if bundle.Home != 0 || bundle.State == shard.BundleOpen || len(bundle.Parts) == 0 {
			return Hold{}, nil, ErrUnknownHold
		}
		if h.Items, err = e.readItems(ctx, ref.group, &bundle); err != nil {
			return Hold{}, nil, err
		}
	}
	h.SeatIDs, h.Areas = ref.places(info.Seats)
	h.HolderID, h.Mode = info.Holder, leaseMode(info.Lease)
	h.Status = holdStatus[info.State]
	h.HeldAt, h.ServerTime = unixMilli(info.HeldAt), unixMilli(g.Now())
	if info.State == shard.HoldBooked {
		h.BookingID = ref.bookingID(info.Booking)
	} else {
		h.ExpiresAt = unixMilli(info.Expires)
	}
	return h, info.Seats, nil
}

var holdStatus = map[shard.HoldState]HoldStatus{
	shard.HoldHeld: HoldHeld, shard.HoldBooked: HoldBooked, shard.HoldReleased: HoldReleased, shard.HoldExpired: HoldExpired,
}
