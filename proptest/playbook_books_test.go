package proptest

import (
	"slices"
	"sync"
	"testing"

	"github.com/usherhq/usher/engine"
)

// books is a story's own record of who was given which seat on which night: names and a
// map, and nothing of the engine's.
type books struct {
	mu     sync.Mutex
	nights map[string]map[string]string // event → seat → hold
	double []string
}

func newBooks() *books { return &books{nights: make(map[string]map[string]string)} }

// enter notes what a hold was given.
func (b *books) enter(h engine.Hold) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for event, seats := range byNight(h) {
		if b.nights[event] == nil {
			b.nights[event] = make(map[string]string)
		}
		for _, seat := range seats {
			if _, taken := b.nights[event][seat]; taken {
				b.double = append(b.double, event+":"+seat)
			}
			b.nights[event][seat] = h.HoldID
		}
	}
}

// strike takes out what a hold has no longer. Before its seats can be had again.
func (b *books) strike(h engine.Hold) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for event, seats := range byNight(h) {
		for _, seat := range seats {
			delete(b.nights[event], seat)
		}
	}
}

func byNight(h engine.Hold) map[string][]string {
	if len(h.Items) == 0 {
		return map[string][]string{h.EventID: h.SeatIDs}
	}
	nights := make(map[string][]string, len(h.Items))
	for _, it := range h.Items {
		nights[it.EventID] = it.SeatIDs
	}
	return nights
}

func (b *books) count(event string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.nights[event])
}

func (b *books) has(event, seat string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, ok := b.nights[event][seat]
	return ok
}

func (b *books) twice() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.double)
}

// What convicts is to be tested: the books notice a second sale, and only that.
func TestBooksNoticeDoubles(t *testing.T) {
	b := newBooks()
	ada := engine.Hold{HoldID: "ada", EventID: "fri", SeatIDs: []string{"1", "2"}}
	b.enter(ada)
	b.enter(engine.Hold{HoldID: "bob", EventID: "sat", SeatIDs: []string{"1", "2"}})
	b.strike(ada)
	b.enter(engine.Hold{HoldID: "cyd", EventID: "fri", SeatIDs: []string{"2"}})
	if d := b.twice(); d != nil {
		t.Errorf("no seat was sold twice, the books say %v", d)
	}
	b.enter(engine.Hold{HoldID: "dan", Items: []engine.HoldItem{{EventID: "sun", SeatIDs: []string{"1"}}, {EventID: "sat", SeatIDs: []string{"2"}}}})
	if d := b.twice(); !slices.Equal(d, []string{"sat:2"}) || b.count("fri") != 1 || !b.has("sun", "1") {
		t.Errorf("doubles %v", d)
	}
}
