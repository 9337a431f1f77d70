package shard

import "bytes"

// Counts are an event's seats by status; they add up to its seats.
type Counts struct{ Available, Held, Booked, Blocked uint32 }

// Event is one event's inventory. Its exported methods are reads.
type Event struct {
	gen   uint64
	dirty bool

	no       uint32
	id       string
	chart    [32]byte
	epoch    [16]byte
	secret   [32]byte // keys the unguessable part of ids
	seats    uint32   // N
	era      Era      // the present one
	past     []Era    // those before it, oldest first; replaced, never written
	created  int64    // unix ms
	onsale   int64    // unix ms; 0: at once
	maxKeys  uint32
	meta     []byte // opaque settings; never written in place
	planSum  [32]byte
	plan     *Plan // shared with all events of the chart; nil for events made before there were plans
	rules    Rules
	version  uint64 // counts seat changes
	counts   Counts
	lastHold uint32 // number of the newest hold; numbers start at 1
	lastBook uint32 // number of the newest booking; numbers start at 1
	due      int64  // lower bound of when anything here expires or is to be forgotten
	sum      uint64 // additive digest of seats, areas, channels, holds, bookings, keys and reasons

	areas     []area    // standing room, as the plan numbers it; replaced, never written, when frozen
	channels  []channel // numbers 1…len; replaced, never written, when frozen
	seatPages []*seatPage
	blocks    []*holdBlock
	books     []*bookPage
	keys      keyTable
	reasons   map[uint32]string // of blocked seats; replaced, never written, when frozen
	ring      []uint32          // seat of version v at v % len(ring); derived, see changes.go
	ringFrom  uint64            // the ring holds versions above this one
	has       map[string]uint32 // what each holder has; derived, kept only where it is limited
	cascade   []uint32          // bundles whose hold here has just ended; empty between commands
}

// CreateEvent puts an event into the group. All of it comes from the entry, so that
// replicas agree.
type CreateEvent struct {
	ID        string
	Chart     [32]byte
	Epoch     [16]byte
	Secret    [32]byte
	TokenBase uint64   // fencing tokens start above it
	OnsaleAt  int64    // unix ms; 0: at once
	MaxKeys   uint32   // 0: DefaultMaxKeys
	Meta      []byte   // opaque settings
	Plan      [32]byte // sum of the chart's plan, which has arrived as a chart does; zero: none
	Rules     Rules
}

// CreateEvent makes the event. Repeating it with the same id, chart and settings
// answers the event that is there.
func (s *State) CreateEvent(now int64, c *CreateEvent, out *Result) {
	out.reset(now)
	if c.ID == "" || len(c.ID) > MaxEventIDLen || len(c.Meta) > MaxMetaLen || c.TokenBase > MaxToken/2 {
		out.Err = ErrBadRequest
		return
	}
	if no, ok := s.byID[c.ID]; ok {
		e := s.events[no]
		out.Event, out.Version = no, e.version
		if e.chart != c.Chart || !bytes.Equal(e.meta, c.Meta) {
			out.Err = ErrEventExists
		}
		return
	}
	chart := s.Charts.Get(c.Chart)
	switch {
	case chart == nil || !chart.Complete():
		out.Err = ErrUnknownChart
		return
	case len(s.events) >= MaxEvents || !c.Rules.sound():
		out.Err = ErrBadRequest
		return
	}
	plan, err := s.planFor(c.Plan, chart.Seats)
	if err != nil {
		out.Err = err
		return
	}
	out.Event = s.addEvent(c, chart.Seats, plan, now)
}

func (s *State) addEvent(c *CreateEvent, seats uint32, plan *Plan, now int64) uint32 {
	no := uint32(len(s.events))
	e := &Event{
		gen: s.gen, no: no, id: c.ID, chart: c.Chart, epoch: c.Epoch, secret: c.Secret,
		seats: seats, era: Era{Base: c.TokenBase}, created: now, onsale: c.OnsaleAt, maxKeys: c.MaxKeys,
		meta: append([]byte(nil), c.Meta...), due: never, planSum: c.Plan, plan: plan, rules: c.Rules,
	}
	e.areas = newAreas(plan)
	if e.maxKeys == 0 {
		e.maxKeys = DefaultMaxKeys
	}
	e.counts.Available = seats
	e.seatPages = newSeatPages(s.gen, seats)
	s.events = append(s.events, e)
	s.byID[c.ID] = no
	s.own(no)
	return no
}

// clone copies what is written in place, so that the old event can go on being read.
// Derived indexes move to the copy: a frozen event is never asked for them.
func (e *Event) clone(gen uint64) *Event {
	n := *e
	n.gen = gen
	n.seatPages = append([]*seatPage(nil), e.seatPages...)
	n.blocks = append([]*holdBlock(nil), e.blocks...)
	n.books = append([]*bookPage(nil), e.books...)
	n.keys.pages = append([]*keyPage(nil), e.keys.pages...)
	n.areas = append([]area(nil), e.areas...)
	n.channels = append([]channel(nil), e.channels...)
	if e.reasons != nil {
		n.reasons = make(map[uint32]string, len(e.reasons))
		for k, v := range e.reasons {
			n.reasons[k] = v
		}
	}
	return &n
}

// No is the event's number in its group.
func (e *Event) No() uint32 { return e.no }

// ID is the event's id.
func (e *Event) ID() string { return e.id }

// Chart is the identity of the chart the event was made with.
func (e *Event) Chart() [32]byte { return e.chart }

// Epoch is made when the event is created or restored from a backup.
func (e *Event) Epoch() [16]byte { return e.epoch }

// Secret keys the unguessable part of the event's ids.
func (e *Event) Secret() [32]byte { return e.secret }

// Seats is N, the number of seats.
func (e *Event) Seats() uint32 { return e.seats }

// Version counts seat changes.
func (e *Event) Version() uint64 { return e.version }

// Counts are the seats by status.
func (e *Event) Counts() Counts { return e.counts }

// CreatedAt is in unix milliseconds.
func (e *Event) CreatedAt() int64 { return e.created }

// OnsaleAt is in unix milliseconds; 0 means at once.
func (e *Event) OnsaleAt() int64 { return e.onsale }

// Meta is the event's opaque settings; not to be written to.
func (e *Event) Meta() []byte { return e.meta }
