package transport

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
)

// levelled is a fake that notes at which level it was read, by method.
type levelled struct {
	*fake
	mu   sync.Mutex
	seen map[string][]engine.Consistency
}

func (l *levelled) note(ctx context.Context, method string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen[method] = append(l.seen[method], engine.ConsistencyFrom(ctx))
}

// take returns the levels of a method's calls, and forgets all.
func (l *levelled) take(method string) []engine.Consistency {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen := l.seen[method]
	clear(l.seen)
	return seen
}

func (l *levelled) Event(ctx context.Context, id string) (engine.Event, error) {
	l.note(ctx, "Event")
	return l.fake.Event(ctx, id)
}

func (l *levelled) Events(ctx context.Context, f engine.EventFilter) (engine.EventPage, error) {
	l.note(ctx, "Events")
	return l.fake.Events(ctx, f)
}

func (l *levelled) SeatVersion(ctx context.Context, id string) (engine.Cursor, error) {
	l.note(ctx, "SeatVersion")
	return l.fake.SeatVersion(ctx, id)
}

func (l *levelled) Changes(ctx context.Context, id string, since ...uint64) (engine.Changes, error) {
	l.note(ctx, "Changes")
	return l.fake.Changes(ctx, id, since...)
}

func (l *levelled) HoldByID(ctx context.Context, id string) (engine.Hold, error) {
	l.note(ctx, "HoldByID")
	return l.fake.HoldByID(ctx, id)
}

func (l *levelled) BookingByID(ctx context.Context, id string) (engine.Booking, error) {
	l.note(ctx, "BookingByID")
	return l.fake.BookingByID(ctx, id)
}

func newLevelled(t *testing.T) (*house, *levelled) {
	f := newFake()
	f.addEvent(testEvent, 20)
	l := &levelled{fake: f, seen: map[string][]engine.Consistency{}}
	h := serveEngine(t, l)
	h.fake = f
	return h, l
}

func TestReadsNameTheirConsistency(t *testing.T) {
	h, l := newLevelled(t)
	for method, path := range map[string]string{
		"Events": "/v1/events", "Event": "/v1/events/" + testEvent, "SeatVersion": testSeats,
		"HoldByID": "/v1/reservations/hold_1", "BookingByID": "/v1/bookings/book_1",
	} {
		for query, want := range map[string]engine.Consistency{
			"": engine.Stale, "?consistency=stale": engine.Stale, "?consistency=leader": engine.Leader, "?consistency=linearizable": engine.Linearizable,
		} {
			l.take("")
			a := h.call("GET", path+query, "")
			if seen := l.take(method); !slices.Equal(seen, []engine.Consistency{want}) {
				t.Errorf("%s%s: %d, read at %v, want %v", path, query, a.status, seen, want)
			}
		}
		for _, query := range []string{"?consistency=strong", "?consistency=", "?consistency=leader&consistency=stale", "?consistency=Leader"} {
			a := h.want(h.call("GET", path+query, ""), 400, "bad_request")
			if a.json["field"] != "consistency" {
				t.Errorf("%s%s: %v", path, query, a.json)
			}
		}
	}
	for query, want := range map[string]string{"": "public, max-age=1, stale-while-revalidate=5", "?consistency=leader": "no-cache"} {
		if got := h.call("GET", testSeats+query, "").header.Get("Cache-Control"); got != want {
			t.Errorf("%s%s may be cached: %s", testSeats, query, got)
		}
	}
}

// TestHubsReadWhatIsHere: no watcher waits for a leader.
func TestHubsReadWhatIsHere(t *testing.T) {
	h, l := newLevelled(t)
	c := h.dial(protocolJSON)
	c.subscribe(1)
	c.hear()
	l.take("")
	h.fake.set(testEvent, engine.SeatHeld, 3)
	var seen []engine.Consistency
	for deadline := time.Now().Add(5 * time.Second); len(seen) == 0 && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		seen = l.take("Changes")
	}
	if len(seen) == 0 || seen[0] != engine.Local {
		t.Errorf("the hub read at %v", seen)
	}
}
