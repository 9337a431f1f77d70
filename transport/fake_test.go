package transport

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/engine/chart"
)

// fake is a small engine without a log: enough of the real rules to talk to, and knobs
// to make it fail. One event has all its seats under one lock.
type fake struct {
	fakeCluster
	fakeRooms
	mu     sync.Mutex
	charts map[string][]byte
	events map[string]*fakeEvent
	holds  map[string]*engine.Hold
	books  map[string]*engine.Booking
	next   int

	done    chan struct{}
	fail    error // what every method returns, if not nil
	err     error
	onHold  func(engine.HoldRequest)
	grant   func(engine.HoldRequest) (engine.Hold, error) // answers Hold instead of the rules here
	onBlock func(engine.BlockRequest)
	tokens  map[string]uint64 // the fencing tokens by event that came last
	bookErr error
	before  func() // runs in SeatMap after the map is read
	heat    fakeHeat
	stale   time.Duration // of every event
	halted  bool          // SeatVersion fails
	backup  func(w io.Writer) error
}

type fakeEvent struct {
	event    engine.Event
	index    *chart.Index
	status   []engine.SeatStatus
	changed  []uint64 // version of each seat's last change
	version  uint64
	watchers map[*fakeWatcher]bool
	areas    []fakeArea
}

type fakeWatcher struct {
	f      *fake
	event  *fakeEvent
	signal chan struct{}
}

func (w *fakeWatcher) Signal() <-chan struct{} { return w.signal }

func (w *fakeWatcher) Close() {
	w.f.mu.Lock()
	defer w.f.mu.Unlock()
	delete(w.event.watchers, w)
}

func newFake() *fake {
	return &fake{
		charts: map[string][]byte{},
		events: map[string]*fakeEvent{},
		holds:  map[string]*engine.Hold{},
		books:  map[string]*engine.Booking{},
		done:   make(chan struct{}),
	}
}

const testEvent = "hall:2030-05-01:20:00"

// rowsChart has n seats s0, s1, … in rows of ten, a hundred to a section.
func rowsChart(n int) *chart.Chart {
	c := &chart.Chart{Name: "Hall", Categories: []chart.Category{{Name: "gold"}, {Name: "grey"}}}
	for i := range n {
		if i%100 == 0 {
			c.Sections = append(c.Sections, chart.Section{Name: fmt.Sprint("S", i/100)})
		}
		s := &c.Sections[len(c.Sections)-1]
		if i%10 == 0 {
			s.Rows = append(s.Rows, chart.Row{Name: fmt.Sprint(i / 10 % 10)})
		}
		r := &s.Rows[len(s.Rows)-1]
		r.Seats = append(r.Seats, chart.Seat{SeatID: fmt.Sprint("s", i), Number: fmt.Sprint(i % 10), Category: c.Categories[i%2].Name})
	}
	return c
}

// addEvent puts an event of n seats in, without any call.
func (f *fake) addEvent(id string, n int) *fakeEvent {
	e := &fakeEvent{
		event: engine.Event{EventID: id, VenueID: "hall", EventDate: "2030-05-01", ShowTime: "20:00", Timezone: "UTC",
			Epoch: strings.Repeat("0a", 16), HoldSeconds: 480, Strategy: "direct"},
		index:    chart.NewIndex(rowsChart(n)),
		status:   make([]engine.SeatStatus, n),
		changed:  make([]uint64, n),
		watchers: map[*fakeWatcher]bool{},
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events[id] = e
	return e
}

// set changes seats and tells the watchers.
func (f *fake) set(id string, to engine.SeatStatus, seats ...uint32) uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.events[id]
	for _, s := range seats {
		f.change(e, s, to)
	}
	return e.version
}

func (f *fake) change(e *fakeEvent, seat uint32, to engine.SeatStatus) {
	if e.status[seat] != to {
		e.version++
		e.status[seat], e.changed[seat] = to, e.version
	}
	f.ring(e)
}

func (f *fake) ring(e *fakeEvent) {
	for w := range e.watchers {
		select {
		case w.signal <- struct{}{}:
		default:
		}
	}
}

func (f *fake) restore(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events[id].event.Epoch = hex.EncodeToString([]byte("another epoch.16"))
	f.events[id].version = 3
	f.ring(f.events[id])
}

func (f *fake) find(ctx context.Context, id string) (*fakeEvent, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if f.fail != nil {
		return nil, f.fail
	}
	if e := f.events[id]; e != nil {
		return e, nil
	}
	return nil, engine.ErrUnknownEvent
}

func (f *fake) PutChart(_ context.Context, id string, c *chart.Chart) (engine.ChartInfo, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	data := c.Encode()
	created := string(f.charts[id]) != string(data)
	f.charts[id] = data
	return f.info(id), created, f.fail
}

func (f *fake) info(id string) engine.ChartInfo {
	sum := chart.Sum(f.charts[id])
	c, _ := chart.Decode(f.charts[id])
	return engine.ChartInfo{ChartID: id, Seats: c.Seats(), Sections: len(c.Sections), Categories: len(c.Categories),
		Areas: len(c.Areas), SHA256: hex.EncodeToString(sum[:])}
}

func (f *fake) Chart(_ context.Context, id, sum string) ([]byte, engine.ChartInfo, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	data := f.charts[id]
	if data == nil || (sum != "" && f.info(id).SHA256 != sum) {
		return nil, engine.ChartInfo{}, engine.ErrUnknownChart
	}
	return data, f.info(id), nil
}

func (f *fake) CreateEvent(_ context.Context, spec engine.EventSpec) (engine.Event, error) {
	if _, err := time.Parse(time.DateOnly, spec.EventDate); err != nil {
		return engine.Event{}, &engine.InvalidError{Field: "event_date", Problem: "is not a date"}
	}
	id := spec.VenueID + ":" + spec.EventDate
	if spec.ShowTime != "" {
		id += ":" + spec.ShowTime
	}
	f.mu.Lock()
	if f.events[id] != nil {
		f.mu.Unlock()
		return engine.Event{}, engine.ErrEventExists
	}
	data := f.charts[spec.ChartID]
	f.mu.Unlock()
	c, err := chart.Decode(data)
	if err != nil {
		return engine.Event{}, engine.ErrUnknownChart
	}
	e := f.addEvent(id, c.Seats())
	e.event.Prices, e.event.OnsaleAt, e.event.Name = spec.Prices, spec.OnsaleAt, spec.Name
	e.event.Strategy, e.event.Orphans, e.event.Limits, e.event.WaitingRoom = spec.Strategy, spec.Orphans, spec.Limits, spec.WaitingRoom
	return f.Event(context.Background(), id)
}

func (f *fake) Event(ctx context.Context, id string) (engine.Event, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e, err := f.find(ctx, id)
	if err != nil {
		return engine.Event{}, err
	}
	out := e.event
	out.Version, out.Seats.Total = e.version, len(e.status)
	for _, s := range e.status {
		*[]*int{&out.Seats.Available, &out.Seats.Held, &out.Seats.Booked, &out.Seats.Blocked}[s]++
	}
	return out, nil
}

func (f *fake) Events(_ context.Context, filter engine.EventFilter) (engine.EventPage, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var page engine.EventPage
	for id, e := range f.events {
		if strings.Contains(id, filter.Query) {
			page.Items = append(page.Items, e.event)
		}
	}
	return page, f.fail
}

func (f *fake) SeatMap(ctx context.Context, id string, minVersion uint64) (*engine.SeatMap, error) {
	for {
		m, err := f.seatMap(ctx, id)
		if err != nil || m.Version >= minVersion {
			if f.before != nil {
				f.before()
			}
			return m, err
		}
		time.Sleep(time.Millisecond)
	}
}

func (f *fake) seatMap(ctx context.Context, id string) (*engine.SeatMap, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e, err := f.find(ctx, id)
	if err != nil {
		return nil, err
	}
	m := &engine.SeatMap{EventID: id, Epoch: e.event.Epoch, Version: e.version, Seats: len(e.status),
		Packed: make([]byte, (len(e.status)+3)/4), Chart: e.index}
	for i, s := range e.status {
		m.Packed[i/4] |= byte(s) << (2 * (i % 4))
	}
	m.Areas = e.areaCounts()
	return m, nil
}

func (f *fake) SeatVersion(ctx context.Context, id string) (engine.Cursor, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e, err := f.find(ctx, id)
	if err == nil && f.halted {
		err = engine.ErrHalted
	}
	if err != nil {
		return engine.Cursor{}, err
	}
	return engine.Cursor{Epoch: e.event.Epoch, Version: e.version}, nil
}

func (f *fake) Changes(ctx context.Context, id string, since ...uint64) (engine.Changes, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e, err := f.find(ctx, id)
	if err != nil {
		return engine.Changes{}, err
	}
	out := engine.Changes{Epoch: e.event.Epoch, Version: e.version}
	for _, v := range since {
		if v > e.version {
			return engine.Changes{}, fmt.Errorf("version %d of %d: %w", v, e.version, engine.ErrEpochChanged)
		}
		d := engine.Delta{From: v, To: e.version}
		for i, at := range e.changed {
			if at > v {
				d.Seats = append(d.Seats, engine.SeatChange{Seat: uint32(i), Status: e.status[i]})
			}
		}
		d.Areas = e.areasSince(v)
		out.Deltas = append(out.Deltas, d)
	}
	return out, nil
}

func (f *fake) Watch(ctx context.Context, id string, _ engine.Cursor) (Watcher, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e, err := f.find(ctx, id)
	if err != nil {
		return nil, err
	}
	w := &fakeWatcher{f, e, make(chan struct{}, 1)}
	e.watchers[w] = true
	return w, nil
}

func (f *fake) Block(ctx context.Context, r engine.BlockRequest) (engine.BlockResult, error) {
	if f.onBlock != nil {
		f.onBlock(r)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	e, err := f.find(ctx, r.EventID)
	if err != nil {
		return engine.BlockResult{}, err
	}
	to := engine.SeatBlocked
	if r.Unblock {
		to = engine.SeatAvailable
	}
	before := e.version
	err = f.take(e, r.SeatIDs, to, engine.SeatHeld, engine.SeatBooked)
	return engine.BlockResult{EventID: r.EventID, Changed: int(e.version - before), Version: e.version}, err
}

// take changes seats to a status unless one of them is in a status that forbids it.
func (f *fake) take(e *fakeEvent, ids []string, to engine.SeatStatus, forbidden ...engine.SeatStatus) error {
	var seats []uint32
	var unknown []string
	var conflicts []engine.SeatConflict
	for i, id := range ids {
		s, ok := e.index.Find(id)
		switch {
		case !ok:
			unknown = append(unknown, id)
		case slices.Contains(seats, s):
			return &engine.InvalidError{Field: fmt.Sprintf("seat_ids[%d]", i), Problem: "is named twice"}
		case slices.Contains(forbidden, e.status[s]):
			conflicts = append(conflicts, engine.SeatConflict{SeatID: id, Status: e.status[s]})
		}
		seats = append(seats, s)
	}
	switch {
	case len(ids) == 0:
		return &engine.InvalidError{Field: "seat_ids", Problem: "names no seat"}
	case unknown != nil:
		return &engine.UnknownSeatError{SeatIDs: unknown}
	case conflicts != nil:
		return &engine.SeatsUnavailableError{EventID: e.event.EventID, Conflicts: conflicts}
	}
	for _, s := range seats {
		f.change(e, s, to)
	}
	return nil
}

func (f *fake) Hold(ctx context.Context, r engine.HoldRequest) (engine.Hold, error) {
	if f.onHold != nil {
		f.onHold(r)
	}
	if f.grant != nil {
		return f.grant(r)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	e, err := f.find(ctx, r.EventID)
	if err != nil {
		return engine.Hold{}, err
	}
	if err := f.take(e, r.SeatIDs, engine.SeatHeld, engine.SeatHeld, engine.SeatBooked, engine.SeatBlocked); err != nil {
		return engine.Hold{}, err
	}
	f.next++
	now := time.Now().UTC()
	h := &engine.Hold{HoldID: fmt.Sprint("hold_", f.next), EventID: r.EventID, SeatIDs: r.SeatIDs, HolderID: r.HolderID,
		Status: engine.HoldHeld, FencingToken: uint64(f.next), HeldAt: now, ExpiresAt: now.Add(max(r.TTL, time.Second)),
		ServerTime: now, Version: e.version}
	f.holds[h.HoldID] = h
	return *h, nil
}

func (f *fake) hold(id string, token uint64) (*engine.Hold, error) {
	h := f.holds[id]
	switch {
	case f.fail != nil:
		return nil, f.fail
	case h == nil:
		return nil, engine.ErrUnknownHold
	case token != 0 && token != h.FencingToken:
		return nil, engine.ErrStaleFencingToken
	}
	return h, nil
}

func (f *fake) HoldByID(_ context.Context, id string) (engine.Hold, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	h, err := f.hold(id, 0)
	if err != nil {
		return engine.Hold{}, err
	}
	h.ServerTime = time.Now()
	return *h, nil
}

func (f *fake) Extend(_ context.Context, r engine.ExtendRequest) (engine.Hold, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tokens = r.FencingTokens
	h, err := f.hold(r.HoldID, r.FencingToken)
	if err != nil {
		return engine.Hold{}, err
	}
	h.ExpiresAt = time.Now().Add(r.TTL)
	f.ring(f.events[h.EventID])
	return *h, nil
}

func (f *fake) Release(_ context.Context, r engine.ReleaseRequest) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tokens = r.FencingTokens
	h, err := f.hold(r.HoldID, r.FencingToken)
	switch {
	case err != nil:
		return err
	case h.Status == engine.HoldBooked:
		return engine.ErrAlreadyBooked
	}
	return f.end(h, engine.HoldReleased, engine.SeatAvailable)
}

func (f *fake) end(h *engine.Hold, status engine.HoldStatus, seats engine.SeatStatus) error {
	h.Status = status
	return f.take(f.events[h.EventID], h.SeatIDs, seats)
}

func (f *fake) Book(_ context.Context, r engine.BookRequest) (engine.Booking, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tokens = r.FencingTokens
	h, err := f.hold(r.HoldID, r.FencingToken)
	if err != nil {
		return engine.Booking{}, err
	}
	if f.bookErr != nil {
		return engine.Booking{}, f.bookErr
	}
	if err := f.end(h, engine.HoldBooked, engine.SeatBooked); err != nil {
		return engine.Booking{}, err
	}
	f.next++
	b := &engine.Booking{BookingID: fmt.Sprint("book_", f.next), HoldID: h.HoldID, EventID: h.EventID, SeatIDs: h.SeatIDs,
		HolderID: h.HolderID, PaymentID: "pay_1", Status: engine.BookingBooked, BookedAt: time.Now()}
	f.books[b.BookingID] = b
	return *b, nil
}

func (f *fake) BookingByID(_ context.Context, id string) (engine.Booking, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if b := f.books[id]; b != nil {
		return *b, nil
	}
	return engine.Booking{}, engine.ErrUnknownBooking
}

func (f *fake) CancelBooking(_ context.Context, r engine.CancelRequest) (engine.Booking, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := f.books[r.BookingID]
	if b == nil {
		return engine.Booking{}, engine.ErrUnknownBooking
	}
	now := time.Now()
	b.Status, b.CancelledAt = engine.BookingCancelled, &now
	return *b, f.take(f.events[b.EventID], b.SeatIDs, engine.SeatAvailable)
}

// Alternatives are the first free seats, one by one.
func (f *fake) Alternatives(ctx context.Context, id string, seatIDs []string, max int) ([][]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e, err := f.find(ctx, id)
	if err != nil {
		return nil, err
	}
	var out [][]string
	for i, s := range e.status {
		if s == engine.SeatAvailable && len(seatIDs) == 1 && len(out) < max {
			out = append(out, []string{e.index.ID(uint32(i))})
		}
	}
	return out, nil
}

func (f *fake) Done() <-chan struct{} { return f.done }

func (f *fake) Ready() error { return f.fail }
func (f *fake) Err() error   { return f.err }
func (f *fake) Status() []engine.GroupStatus {
	return []engine.GroupStatus{{ReplicaStatus: engine.ReplicaStatus{Group: 1, State: "leader", Ready: f.fail == nil}}}
}

// Backup writes what the test says.
func (f *fake) Backup(_ context.Context, w io.Writer) error { return f.backup(w) }
