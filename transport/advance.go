package transport

import (
	"slices"

	"github.com/usherhq/usher/engine"
)

// newcomers are the subscriptions that one tick takes in, by what they need.
type newcomers struct {
	fresh     []*sub            // a snapshot
	recover   map[uint64][]*sub // by the version they are at: recovered, and a delta
	versions  []uint64          // the keys of recover
	remaining []*sub            // the next tick's
}

// advance reads what changed, once and at one moment, for those who follow and for the
// newcomers, and tells all of them.
//
// A snapshot is read before the changes are, which are then read since the snapshot's
// version too: whatever happens in between, the newcomer hears of it, and of nothing
// twice.
func (h *hub) advance() error {
	cursor, err := h.live.engine.SeatVersion(h.ctx, h.eventID)
	if err != nil {
		return err
	}
	if cursor.Epoch != h.epoch {
		h.restart(cursor)
	}
	if len(h.pending) == 0 && cursor.Version == h.version {
		return nil
	}
	if len(h.pending) == 0 && len(h.subs) == 0 {
		h.version = cursor.Version // nobody to tell
		return nil
	}
	n := h.sort(cursor)
	asks := append([]uint64{h.version}, n.versions...)
	var snapshot *engine.SeatMap
	if len(n.fresh) > 0 {
		if snapshot, err = h.live.engine.SeatMap(h.ctx, h.eventID, 0); err != nil {
			return err
		}
		asks = append(asks, snapshot.Version)
	}
	changes, err := h.live.engine.Changes(h.ctx, h.eventID, asks...)
	if err != nil {
		return err
	}
	if changes.Epoch != h.epoch || (snapshot != nil && snapshot.Epoch != h.epoch) {
		return errMoved
	}
	h.tell(n, snapshot, changes)
	return nil
}

// restart begins anew in another epoch: nobody is anywhere in it.
func (h *hub) restart(cursor engine.Cursor) {
	h.epoch, h.version = cursor.Epoch, cursor.Version
	for s := range h.subs {
		s.since = nil
		h.pending = append(h.pending, s)
	}
	clear(h.subs)
}

// sort parts those pending by what they need. A place in another epoch is no place to go on from.
// One that this replica has not reached was another node's to tell of: it gets here in a moment.
func (h *hub) sort(cursor engine.Cursor) newcomers {
	n := newcomers{recover: map[uint64][]*sub{}}
	for i, s := range h.pending {
		if i == joinsPerTick {
			n.remaining = append(n.remaining, h.pending[i:]...)
			break
		}
		if s.since != nil && s.since.epoch == h.epoch && s.since.version > cursor.Version && s.since.waited < h.live.timing.behind {
			s.since.waited++
			n.remaining = append(n.remaining, s)
			continue
		}
		if s.since == nil || s.since.epoch != h.epoch || s.since.version > cursor.Version {
			n.fresh = append(n.fresh, s)
			continue
		}
		version := s.since.version
		if n.recover[version] == nil && len(n.versions) == sincesPerTick {
			n.remaining = append(n.remaining, s)
			continue
		}
		if n.recover[version] == nil {
			n.versions = append(n.versions, version)
		}
		n.recover[version] = append(n.recover[version], s)
	}
	return n
}

// tell sends everybody what brings them to changes.Version. The deltas are in the order
// of advance's asks.
func (h *hub) tell(n newcomers, snapshot *engine.SeatMap, changes engine.Changes) {
	h.pending = n.remaining
	h.version = changes.Version
	if current := newDelta(h.eventID, changes.Deltas[0]); !current.empty() {
		for s := range h.subs {
			current.send(s)
		}
	}
	for i, version := range n.versions {
		h.recover(n.recover[version], changes.Deltas[1+i])
	}
	if snapshot != nil {
		h.welcome(n.fresh, snapshot, changes.Deltas[len(changes.Deltas)-1])
	}
	if len(h.pending) > 0 {
		h.ring()
	}
}

// recover takes in those who were at one version before.
func (h *hub) recover(subs []*sub, d engine.Delta) {
	if len(d.Seats) > maxRecover {
		for _, s := range subs {
			s.since = nil
		}
		h.pending = append(h.pending, subs...)
		return
	}
	delta := newDelta(h.eventID, d)
	for _, s := range subs {
		f := jsonFrame("recovered", recoveredMessage{s.id, recoveredBody{h.eventID, h.epoch, h.version}})
		f.sub = s
		s.conn.send(f)
		if !delta.empty() {
			delta.send(s)
		}
		h.admit(s)
	}
}

// welcome takes in those who need everything.
func (h *hub) welcome(subs []*sub, m *engine.SeatMap, since engine.Delta) {
	snapshot, delta := newSnapshot(m), newDelta(h.eventID, since)
	for _, s := range subs {
		snapshot.send(s)
		if !delta.empty() {
			delta.send(s)
		}
		h.admit(s)
	}
}

func (h *hub) admit(s *sub) {
	s.since = nil
	h.subs[s] = struct{}{}
	h.stale.greet(s)
}

// broadcast is one thing to say to many: each form of it is made once, when the first
// needs it. Text deltas are the same for all; all else carries the subscription's id.
type broadcast struct {
	label  string
	fresh  bool
	shared bool // the text form has no id
	blank  bool
	text   func(id uint64) []byte
	binary func(id uint64) []byte
	beside func() []byte // a text frame that follows the binary one; nil if there is nothing to say
	made   map[form]frame
}

// form is the text or the binary form for a subscription, or what stands beside the
// latter, for all.
type form struct {
	binary, beside bool
	id             uint64
}

func newDelta(eventID string, d engine.Delta) *broadcast {
	return &broadcast{
		label:  "delta",
		shared: true,
		blank:  d.From == d.To,
		text:   func(uint64) []byte { return appendJSONDelta(nil, eventID, d) },
		binary: func(id uint64) []byte { return appendBinDelta(nil, id, d) },
		beside: func() []byte { return areasBeside(eventID, &d.From, d.To, d.Areas) },
		made:   map[form]frame{},
	}
}

func newSnapshot(m *engine.SeatMap) *broadcast {
	return &broadcast{
		label:  "snapshot",
		fresh:  true,
		text:   func(id uint64) []byte { return appendJSONSnapshot(nil, id, m) },
		binary: func(id uint64) []byte { return appendBinSnapshot(slices.Grow([]byte(nil), len(m.Packed)+64), id, m) },
		beside: func() []byte { return areasBeside(m.EventID, nil, m.Version, allAreas(m)) },
		made:   map[form]frame{},
	}
}

func (b *broadcast) empty() bool { return b.blank }

func (b *broadcast) send(s *sub) {
	if !s.conn.binary {
		key := form{id: s.id}
		if b.shared {
			key.id = 0
		}
		b.pass(s, key, b.fresh, func() frame { return textFrame(b.label, b.text(key.id)) })
		return
	}
	b.pass(s, form{binary: true, id: s.id}, b.fresh, func() frame { return binaryFrame(b.label, b.binary(s.id)) })
	b.pass(s, form{beside: true}, false, func() frame {
		text := b.beside()
		if text == nil {
			return frame{}
		}
		return textFrame(b.label, text)
	})
}

// pass queues one form of it; what has no message is not sent.
func (b *broadcast) pass(s *sub, key form, fresh bool, build func() frame) {
	f, ok := b.made[key]
	if !ok {
		f = build()
		f.seats, f.fresh = true, fresh
		b.made[key] = f
	}
	if f.message == nil {
		return
	}
	f.sub = s
	s.conn.send(f)
}
