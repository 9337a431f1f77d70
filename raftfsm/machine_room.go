package raftfsm

import (
	"github.com/usherhq/usher/shard"
	"github.com/usherhq/usher/waitroom"
)

// inventory is what rooms know of the seats beside them.
type inventory struct{ state *shard.State }

var _ waitroom.Inventory = inventory{}

// Left tells whether a claim could be granted anything. An event that is not on sale yet
// has left what it will begin with.
func (v inventory) Left(event uint32) bool {
	e := v.state.Event(event)
	return e != nil && e.Left()
}

// Held tells whether a hold is neither booked nor ended.
func (v inventory) Held(event, hold uint32) bool {
	e := v.state.Event(event)
	if e == nil {
		return false
	}
	st, _, ok := e.HoldState(hold)
	return ok && st == shard.HoldHeld
}

// applyRoom runs a command of rooms.
func (m *shardMachine) applyRoom(now int64, c *Command, out *Result) {
	out.Result = shard.Result{Now: now, Conflicts: out.Conflicts[:0]}
	switch c.Op {
	case OpOpenRoom:
		m.openRoom(now, c.OpenRoom, &out.Result)
	case OpJoin:
		out.Joined, out.Err = m.rooms.Join(now, c.Join)
	case OpLeave:
		out.Err = m.rooms.Leave(now, &c.Leave)
	case OpEnter:
		out.Expires, out.Err = m.rooms.Enter(now, c.Enter.Pass, c.Enter.Event)
	case OpSetRoom:
		out.Err = m.rooms.Set(now, c.SetRoom)
	case OpAdmit:
		out.Count, out.More = m.rooms.Step(now, int(min(c.Admit.Limit, maxAdmit)))
	}
}

// maxAdmit bounds one OpAdmit, whatever it says.
const maxAdmit = 1 << 20

// openRoom: rooms do not know which events there are.
func (m *shardMachine) openRoom(now int64, c *waitroom.OpenRoom, out *shard.Result) {
	if m.state.Event(c.Event) == nil {
		out.Err = shard.ErrUnknownEvent
		return
	}
	out.Event = c.Event
	out.Number, out.Err = m.rooms.Open(now, c)
}

// applyBeside runs a command of seats of which rooms are to hear: a claim that shows an
// admission is no claim unless the admission is good, and what is granted or booked is
// told to the room.
func (m *shardMachine) applyBeside(now int64, c *Command, out *shard.Result) bool {
	passed := c.Pass != waitroom.Pass{}
	if passed && !m.enter(now, c, out) {
		return true
	}
	undecided := c.Op == OpResolve && m.undecided(c.Resolve.Txn)
	if !applyShard(m.state, now, c, out) {
		return false
	}
	switch {
	case out.Err != nil || out.Replayed: // who replays was told of before
	case passed:
		m.took(c, out)
	case c.Op == OpBook, c.Op == OpBookParts:
		m.booked(now, c.Book.Event, c.Book.Hold)
	case undecided && out.Bundle == shard.BundleBooked:
		joined, _ := m.state.Joined(c.Resolve.Txn)
		m.bookedParts(now, joined.Parts)
	}
	return true
}

// enter begins the session of a claim's admission, or asks whether it is good, for each
// event of the claim. False: out says why not, and the claim is not to be run. One that was
// decided before gets its first answer again, whatever has become of its session.
func (m *shardMachine) enter(now int64, c *Command, out *shard.Result) bool {
	if m.repeated(now, c, out) {
		return true
	}
	for i, n := 0, c.claimed(); i < n; i++ {
		event := c.claimedEvent(i)
		if c.claimedBefore(i, event) {
			continue
		}
		if _, err := m.rooms.Enter(now, c.Pass, event); err != nil {
			*out = shard.Result{Now: now, Event: event, Err: err, Conflicts: out.Conflicts[:0]}
			return false
		}
	}
	return true
}

// repeated tells whether a claim's idempotency key is known.
func (m *shardMachine) repeated(now int64, c *Command, out *shard.Result) bool {
	key := &c.Hold.Key
	if c.Op == OpClaim {
		key = &c.Claim.Key
	}
	if key.IsZero() || c.claimed() == 0 {
		return false
	}
	e := m.state.Event(c.claimedEvent(0))
	return e != nil && e.Recall(now, key, out)
}

// claimed is how many items a claim has; claimedEvent is whose one of them is.
func (c *Command) claimed() int {
	if c.Op == OpClaim {
		return len(c.Claim.Items)
	}
	return 1
}

func (c *Command) claimedEvent(i int) uint32 {
	if c.Op == OpClaim {
		return c.Claim.Items[i].Event
	}
	return c.Hold.Event
}

func (c *Command) claimedBefore(i int, event uint32) bool {
	for i--; i >= 0; i-- {
		if c.claimedEvent(i) == event {
			return true
		}
	}
	return false
}

// took tells the room what its guest has been granted.
func (m *shardMachine) took(c *Command, out *shard.Result) {
	if c.Op != OpClaim {
		m.rooms.Took(c.Pass, c.Hold.Event, out.Number)
		return
	}
	for i := range out.Granted {
		m.rooms.Took(c.Pass, out.Granted[i].Event, out.Granted[i].Hold)
	}
}

// undecided tells whether a bundle's part here may still be booked.
func (m *shardMachine) undecided(t shard.Txn) bool {
	b, ok := m.state.Joined(t)
	return ok && (b.State == shard.BundleOpen || b.State == shard.BundleHeld)
}

// booked tells rooms of a hold that has been booked, and of those that were with it.
func (m *shardMachine) booked(now int64, event, hold uint32) {
	_, n, _ := m.state.Event(event).HoldState(hold)
	if b, ok := m.state.Bundle(n); ok {
		m.bookedParts(now, b.Parts)
		return
	}
	m.rooms.Booked(now, event, hold)
}

func (m *shardMachine) bookedParts(now int64, parts []shard.Part) {
	for _, p := range parts {
		if p.Group == 0 {
			m.rooms.Booked(now, p.Event, p.Hold)
		}
	}
}
