package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/waitroom"
)

const (
	maxJoinMany = 1 << 20
	// manyUnderWay is how many commands of a call are on their way at once: one is hashed while
	// others are written to disk and applied.
	manyUnderWay = 4
)

var errJoinAnswer = fmt.Errorf("%w: an answer of joins has another length than they have", ErrDamaged)

// JoinMany is Join for whoever brings many, at most 1,048,576: gateways and benchmarks. Each r's
// EventID is empty or eventID. Of the places only Ticket, State and New are filled in, in the
// order of rs; those of one call have no order among themselves in the line. When it fails some
// may have joined, unless the outcome is that nothing was applied; to repeat it is safe.
func (e *Engine) JoinMany(ctx context.Context, eventID string, rs []JoinRequest) ([]Place, error) {
	_, room, err := e.eventRoom(ctx, eventID)
	if err != nil {
		return nil, err
	}
	if len(rs) > maxJoinMany {
		return nil, &InvalidError{"entrants", fmt.Sprintf("%d, at most %d are possible", len(rs), maxJoinMany)}
	}
	m := &manyJoins{e: e, room: room, eventID: eventID, rs: rs, places: make([]Place, len(rs))}
	// What is wrong is found before anything is sent.
	if err := m.check(); err != nil {
		return nil, err
	}
	var wg sync.WaitGroup
	for range min(manyUnderWay, m.commands()) {
		wg.Go(func() { m.work(ctx) })
	}
	wg.Wait()
	if err := m.result(ctx); err != nil {
		return nil, err
	}
	return m.places, nil
}

// manyJoins is one call of JoinMany.
type manyJoins struct {
	e       *Engine
	room    *eventRoom
	eventID string
	rs      []JoinRequest
	places  []Place
	next    atomic.Int64 // command
	sent    atomic.Int64 // commands that were applied
	mu      sync.Mutex
	err     error // the first
	unknown bool  // one of the failed may have been applied
}

func (m *manyJoins) check() error {
	for i := range m.rs {
		r := &m.rs[i]
		if r.EventID != "" && r.EventID != m.eventID {
			return &InvalidError{fmt.Sprintf("entrants[%d].event_id", i), fmt.Sprintf("%q is another event than %s", r.EventID, m.eventID)}
		}
		if r.HolderID == "" || len(r.HolderID) > MaxKeyLen {
			return within(fmt.Sprintf("entrants[%d].", i), checkText("holder_id", r.HolderID))
		}
	}
	return nil
}

func (m *manyJoins) commands() int { return (len(m.rs) + raftfsm.MaxJoin - 1) / raftfsm.MaxJoin }

// work sends commands until there are no more, or one has failed.
func (m *manyJoins) work(ctx context.Context) {
	for ctx.Err() == nil && !m.failed() {
		i := int(m.next.Add(1)-1) * raftfsm.MaxJoin
		if i >= len(m.rs) {
			return
		}
		if err := m.send(ctx, i, min(i+raftfsm.MaxJoin, len(m.rs))); err != nil {
			m.fail(err)
			return
		}
		m.sent.Add(1)
	}
}

func (m *manyJoins) send(ctx context.Context, from, to int) error {
	entrants := make([]waitroom.Entrant, to-from)
	for i := range entrants {
		r := &m.rs[from+i]
		one, err := m.room.entrant(ctx, r, "")
		if err != nil {
			return within(fmt.Sprintf("entrants[%d].", from+i), err)
		}
		entrants[i] = one
	}
	joined, err := m.e.sendJoins(ctx, m.room.roomRef, entrants)
	fresh := 0
	for i, got := range joined {
		fresh += b2i(got.New)
		if err == nil && got.Ticket == 0 {
			err = within(fmt.Sprintf("entrants[%d].", from+i), errNoLane)
		}
	}
	m.e.metrics.joined(len(entrants), fresh, err)
	if err != nil {
		return err
	}
	if err := m.e.follow(ctx, m.room.group); err != nil {
		return applied(err)
	}
	return applied(m.describe(joined, m.places[from:to]))
}

// describe fills in what a caller of many is told.
func (m *manyJoins) describe(joined []waitroom.Joined, out []Place) error {
	for i, id := range m.room.ticketIDs(joined) {
		out[i].Ticket, out[i].New = id, joined[i].New
	}
	return m.room.view(func(room *waitroom.Room, _ int64) {
		for i, got := range joined {
			state, _, _ := room.State(got.Ticket)
			out[i].State, _ = queueState(state)
		}
	})
}

func (r *roomRef) ticketIDs(joined []waitroom.Joined) []string {
	ids := make([]string, len(joined))
	for i, got := range joined {
		ids[i] = r.ticketID(got.Ticket)
	}
	return ids
}

func (m *manyJoins) failed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err != nil
}

func (m *manyJoins) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unknown = m.unknown || OutcomeOf(err) != OutcomeNotApplied
	if m.err == nil {
		m.err = err
	}
}

// result is the first error, with what became of the whole.
func (m *manyJoins) result(ctx context.Context) error {
	err := m.err
	if err == nil {
		if int(m.sent.Load()) == m.commands() {
			return nil
		}
		err = ctx.Err()
	}
	outcome := OutcomeNotApplied
	if m.unknown || m.sent.Load() > 0 {
		outcome = OutcomeUnknown
	}
	var told *raftfsm.OutcomeError
	if errors.As(err, &told) {
		err = told.Err
	}
	return &raftfsm.OutcomeError{Outcome: outcome, Err: err}
}
