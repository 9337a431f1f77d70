package transport

import (
	"context"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
)

func (f *fake) Stale(ctx context.Context, id string) (time.Duration, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, err := f.find(ctx, id)
	return f.stale, err
}

func (f *fake) setStale(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stale = d
}

// TestStaleIsMarked: header and body say it, and no tag carries the mark, or its absence, over.
func TestStaleIsMarked(t *testing.T) {
	h := newHouse(t, 30)
	for _, c := range []struct{ path, accept string }{
		{testSeats, jsonType}, {testSeats + "?section=S0", jsonType}, {testSeats, packedType},
	} {
		ask := func(tag string) answer {
			return h.call("GET", c.path, "", "Accept: "+c.accept, "If-None-Match: "+tag)
		}
		marked := func(what string, a answer, status int, header string) string {
			t.Helper()
			if a.status != status || a.header.Get(staleHeader) != header {
				t.Errorf("%s %s, %s: %d, %s %q", c.path, c.accept, what, a.status, staleHeader, a.header.Get(staleHeader))
			}
			if is, _ := a.json["stale"].(bool); status == 200 && c.accept == jsonType && is != (header != "") {
				t.Errorf("%s, %s: stale is %v in %.100s", c.path, what, is, a.body)
			}
			return a.header.Get("ETag")
		}
		h.fake.setStale(0)
		fresh := marked("fresh", ask(`"none"`), 200, "")
		marked("fresh, not modified", ask(fresh), 304, "")
		h.fake.setStale(4200 * time.Millisecond)
		stale := marked("becomes stale", ask(fresh), 200, "4")
		h.fake.setStale(9 * time.Second)
		if again := marked("stale, not modified", ask(stale), 304, "9"); again != stale || stale == fresh {
			t.Errorf("tags %s, %s, then %s", fresh, stale, again)
		}
		h.fake.setStale(0)
		if back := marked("is fresh again", ask(stale), 200, ""); back != fresh {
			t.Errorf("the tag was %s and is %s", fresh, back)
		}
	}
}

func TestStaleEvent(t *testing.T) {
	h := newHouse(t, 30)
	path := "/v1/events/" + testEvent
	if a := h.want(h.call("GET", path, ""), 200, ""); a.header.Get(staleHeader) != "" || a.json["stale"] != nil {
		t.Errorf("%v %s", a.header, a.body)
	}
	h.fake.setStale(100 * time.Millisecond)
	if a := h.want(h.call("GET", path, ""), 200, ""); a.header.Get(staleHeader) != "1" || a.json["stale"] != true {
		t.Errorf("%v %s", a.header, a.body)
	}
}

// TestStaleIsToldLive: who follows hears when it begins and ends, who comes meanwhile right behind
// the map, and changes go on.
func TestStaleIsToldLive(t *testing.T) {
	bothProtocols(t, func(t *testing.T, protocol string) {
		h := newHouse(t, 30)
		h.server.live.timing.stale = 5 * time.Millisecond
		c := h.dial(protocol)
		c.subscribe(1)
		c.apply(c.hear())
		h.fake.setStale(4 * time.Second)
		if m := c.hear(); m.Stale == nil || m.Stale.EventID != testEvent || m.Stale.Seconds != 4 {
			t.Fatalf("heard %+v", m)
		}
		late := h.dial(protocol)
		late.subscribe(1)
		late.apply(late.hear())
		if m := late.hear(); m.Stale == nil || m.Stale.EventID != testEvent {
			t.Fatalf("behind its snapshot: %+v", m)
		}
		c.until(h.fake.set(testEvent, engine.SeatHeld, 3))
		back := h.dial(protocol)
		back.epoch, back.version, back.status = c.epoch, c.version, c.status
		back.resume(2)
		if m := back.hear(); m.Recovered == nil {
			t.Fatalf("heard %+v", m)
		}
		if m := back.hear(); m.Stale == nil {
			t.Fatalf("behind what it was recovered with: %+v", m)
		}
		h.fake.setStale(0)
		if m := c.hear(); m.Fresh == nil || m.Fresh.EventID != testEvent {
			t.Fatalf("heard %+v", m)
		}
		c.quiet()
	})
}

// TestStaleThoughUnreadable: a replica that has stopped cannot be read, and is stale.
func TestStaleThoughUnreadable(t *testing.T) {
	h := newHouse(t, 30)
	h.server.live.timing.stale = 5 * time.Millisecond
	c := h.dial(protocolJSON)
	c.subscribe(1)
	c.apply(c.hear())
	h.fake.halt(5 * time.Second)
	if m := c.hear(); m.Stale == nil {
		t.Fatalf("heard %+v", m)
	}
}

// halt has the events be stale, and not be read.
func (f *fake) halt(stale time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stale, f.halted = stale, true
}
