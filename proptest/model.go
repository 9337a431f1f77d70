package proptest

import (
	"bytes"

	"github.com/usherhq/usher/shard"
)

// Model is what the events of a group must be: lists and maps, every question answered
// by looking at everything. It was written from the contract (API.md and shard's
// documentation) and shares no code with shard beside the names of things, so that the
// two can only agree by being right.
//
// A command is judged in one order everywhere: is there such an event; is its key
// known; has the event room for its key; are its values in range; and only then what
// it asks for. A claim (Hold) alone asks for the key's room last.
type Model struct {
	Charts  map[[32]byte]uint32          // complete charts and their seats
	Plans   map[[32]byte]*shard.PlanSpec // those of them that are plans
	Events  []*ModelEvent
	Bundles []*ModelBundle

	ended []*ModelHold // holds of bundles that have just ended; empty between commands
}

// ModelEvent is one event.
type ModelEvent struct {
	No       uint32
	Create   shard.CreateEvent
	Created  int64
	Plan     *shard.PlanSpec // nil: none
	Seats    []ModelSeat
	History  []uint32 // the seat, or area, of each change; the version is how many there were
	Holds    []*ModelHold
	Books    []*ModelBooking
	Answers  []ModelAnswer // oldest first
	Reasons  map[uint32]string
	Channels []ModelChannel // numbered from 1 on
	Eras     []ModelEra     // since the first, oldest first
}

// ModelEra begins with a restore.
type ModelEra struct {
	Holds int // there were before it
	Base  uint64
}

// ModelChannel is a channel.
type ModelChannel struct {
	Name string
	Hash [16]byte
}

// ModelSeat is a seat.
type ModelSeat struct {
	Status  shard.Status
	Changed uint64     // version of its last change
	Granted *ModelHold // the last hold that was granted it
	Channel int        // number of the channel it is allotted to; 0: none
}

// NewModel is a group without events.
func NewModel() *Model {
	return &Model{Charts: make(map[[32]byte]uint32), Plans: make(map[[32]byte]*shard.PlanSpec)}
}

// Apply runs a command and returns what it must be told.
func (m *Model) Apply(now int64, op Op) shard.Result {
	out := shard.Result{Now: now}
	switch c := op.(type) {
	case *shard.Hold:
		m.hold(now, c, &out)
	case *shard.Claim:
		m.claim(now, c, &out)
	case *shard.Allot:
		m.allot(now, c, &out)
	case *shard.Begin:
		m.beginBundle(now, c, &out)
	case *shard.Decide:
		m.decide(now, c, &out)
	case *shard.Resolve:
		m.resolve(now, c, &out)
	case *shard.Ack:
		m.ack(c, &out)
	case *shard.Extend:
		m.extend(now, c, &out)
	case *shard.Release:
		m.release(now, c, &out)
	case *shard.Book:
		m.book(now, c, &out)
	case *shard.Cancel:
		m.cancel(now, c, &out)
	case *shard.Block:
		m.block(now, c, &out)
	case *shard.Expire:
		m.expire(now, c, &out)
	case *shard.CreateEvent:
		m.create(now, c, &out)
	case *shard.ChartChunk:
		m.chart(c, &out)
	}
	return out
}

// chart knows only charts that come whole: pieces are shard's own tests' subject.
func (m *Model) chart(c *shard.ChartChunk, _ *shard.Result) {
	m.Charts[c.Sum] = c.Seats
	if p, err := shard.DecodePlan(c.Data); err == nil {
		m.Plans[c.Sum] = specOf(p)
	}
}

// specOf is what a plan was made of.
func specOf(p *shard.Plan) *shard.PlanSpec {
	s := &shard.PlanSpec{Categories: p.Categories(), Sections: p.Sections(), Areas: p.Areas()}
	s.FocalX, s.FocalY = p.Focal()
	for seat := range p.Seats() {
		s.Seats = append(s.Seats, p.Seat(seat))
	}
	return s
}

func (m *Model) create(now int64, c *shard.CreateEvent, out *shard.Result) {
	if c.ID == "" || len(c.ID) > shard.MaxEventIDLen || len(c.Meta) > shard.MaxMetaLen || c.TokenBase > shard.MaxToken/2 {
		out.Err = shard.ErrBadRequest
		return
	}
	for no, e := range m.Events {
		if e.Create.ID == c.ID {
			out.Event, out.Version = uint32(no), e.Version()
			if e.Create.Chart != c.Chart || !bytes.Equal(e.Create.Meta, c.Meta) {
				out.Err = shard.ErrEventExists
			}
			return
		}
	}
	seats, ok := m.Charts[c.Chart]
	_, arrived := m.Charts[c.Plan]
	plan := m.Plans[c.Plan]
	none := c.Plan == [32]byte{}
	switch {
	case !ok:
		out.Err = shard.ErrUnknownChart
	case c.Rules.Orphans > shard.OrphansForbid:
		out.Err = shard.ErrBadRequest
	case !none && !arrived:
		out.Err = shard.ErrUnknownChart
	case !none && (plan == nil || len(plan.Seats) != int(seats)):
		out.Err = shard.ErrBadPlan
	default:
		out.Event = uint32(len(m.Events))
		m.Events = append(m.Events, &ModelEvent{
			No: out.Event, Create: *c, Created: now, Plan: plan, Seats: make([]ModelSeat, seats), Reasons: make(map[uint32]string),
		})
	}
}

// begin judges what is common to all commands on an event but claims; nil means that
// out is complete.
func (m *Model) begin(now int64, no uint32, k *shard.Key, out *shard.Result) *ModelEvent {
	e := m.event(no, out)
	if e == nil || e.recall(now, k, out) {
		return nil
	}
	if e.full(k) {
		out.Err = shard.ErrIdempotencyFull
		return nil
	}
	return e
}

func (m *Model) event(no uint32, out *shard.Result) *ModelEvent {
	if int(no) >= len(m.Events) {
		out.Err = shard.ErrUnknownEvent
		return nil
	}
	out.Event, out.Version = no, m.Events[no].Version()
	return m.Events[no]
}

// Version counts seat changes.
func (e *ModelEvent) Version() uint64 { return uint64(len(e.History)) }

// set changes a seat.
func (e *ModelEvent) set(seat uint32, st shard.Status) {
	e.History = append(e.History, seat)
	e.Seats[seat].Status = st
	e.Seats[seat].Changed = e.Version()
}

// move changes what a hold or booking has: its seats' status, and its areas, which are
// counted.
func (e *ModelEvent) move(list []uint32, st shard.Status) {
	for _, what := range list {
		if no, _, area := shard.SplitCode(what); area {
			e.History = append(e.History, shard.AreaCode(no, 0))
		} else if st == shard.Available {
			e.set(what, e.vacant(what))
		} else {
			e.set(what, st)
		}
	}
}

// vacant is a seat's status when nobody has it: what is allotted is for its channel.
func (e *ModelEvent) vacant(seat uint32) shard.Status {
	if e.Seats[seat].Channel != 0 {
		return shard.Blocked
	}
	return shard.Available
}
