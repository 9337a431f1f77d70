package transport

import (
	"maps"
	"testing"

	"github.com/usherhq/usher/engine"
)

// TestAreasAreFollowed: both subprotocols tell of the places left, with the map and with
// every change, to newcomers and to who comes back.
func TestAreasAreFollowed(t *testing.T) {
	for _, protocol := range []string{protocolJSON, protocolBin} {
		t.Run(protocol, func(t *testing.T) {
			h := newHouse(t, 20)
			h.fake.addAreas(testEvent)
			c := h.dial(protocol)
			c.subscribe(1)
			want := map[int]int{0: 100, 1: 20}
			follow := func(version uint64) {
				t.Helper()
				for c.version < version || !maps.Equal(c.areas, want) {
					if !c.apply(c.hear()) {
						t.Fatal("heard something else")
					}
				}
			}
			follow(0)
			want[1] = 15
			follow(h.fake.fill(testEvent, 1, 5))
			h.fake.set(testEvent, engine.SeatHeld, 3)
			want[0] = 0
			follow(h.fake.fill(testEvent, 0, 100))

			c.say(`{"id":2,"unsubscribe":{"event_id":%q}}`, testEvent)
			c.hear()
			want[1] = 20
			version := h.fake.fill(testEvent, 1, 0)
			c.resume(3)
			if m := c.hear(); m.Recovered == nil {
				t.Fatalf("heard %+v", m)
			}
			follow(version)
			c.same(h.fake)
			c.quiet()
		})
	}
}
