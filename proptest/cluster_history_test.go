package proptest_test

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// verb is what a client wants of seats.
type verb string

const (
	doHold    verb = "hold"
	doExtend  verb = "extend"
	doRelease verb = "release"
	doBook    verb = "book"
	doCancel  verb = "cancel"
)

// verdict is what a client knows of a call.
type verdict string

const (
	wasDone    verdict = "ok"
	wasRefused verdict = "refused"
	notApplied verdict = "not applied"
	unknown    verdict = "unknown"
)

// attempt is one request to one node.
type attempt struct {
	node       string
	start, end time.Duration // of the history
	verdict    verdict
	said       string // the answer, or the error
}

// clusterCall is one thing that a client wanted, with the requests it took: two at the most,
// under one idempotency key.
type clusterCall struct {
	client int
	verb   verb
	event  string
	seats  []string
	hold   string    // hold_id; of a hold that was granted too
	token  uint64    // fencing token, likewise
	nights []night   // of a stay, which is a hold of all of them; event and seats are the first's
	write  killWrite // as it was sent
	single bool      // its client does not ask a second time
	tries  []attempt
	taken  map[string]string // of a hold that was refused: the status of seats that stood in the way
}

func (c *clusterCall) last() *attempt { return &c.tries[len(c.tries)-1] }

// verdict is the last try's, except that one before it may have been applied.
func (c *clusterCall) verdict() verdict {
	v := c.last().verdict
	if v == notApplied && c.tries[0].verdict == unknown {
		return unknown
	}
	return v
}

// failed tells whether the client was left without an answer.
func (c *clusterCall) failed() bool { v := c.verdict(); return v == unknown || v == notApplied }

func (c *clusterCall) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "client %d: %s %s %v %s/%d", c.client, c.verb, c.event, c.seats, c.hold, c.token)
	for _, a := range c.tries {
		fmt.Fprintf(&b, "\n    %s %v–%v %s: %.300s", a.node, a.start.Round(time.Microsecond), a.end.Round(time.Microsecond), a.verdict, a.said)
	}
	return b.String()
}

// history is all that was called, in the order in which calls ended. Safe for all goroutines.
type history struct {
	began time.Time

	mu    sync.Mutex
	calls []*clusterCall
}

func newHistory() *history { return &history{began: time.Now()} }

func (h *history) now() time.Duration { return time.Since(h.began) }

func (h *history) add(c *clusterCall) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls = append(h.calls, c)
}

func (h *history) all() []*clusterCall {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.calls[:len(h.calls):len(h.calls)]
}

// accepted is when the first write of an event that began after a moment was answered with yes;
// node restricts it to those that this one answered, if it is not empty.
func (h *history) accepted(event, node string, after time.Duration) (time.Duration, bool) {
	first, found := time.Duration(0), false
	for _, c := range h.all() {
		a := c.last()
		if c.event != event || a.verdict != wasDone || a.start < after || node != "" && a.node != node {
			continue
		}
		if !found || a.end < first {
			first, found = a.end, true
		}
	}
	return first, found
}

// failures are the calls that began after a moment and were left without an answer.
func (h *history) failures(after time.Duration) (out []*clusterCall) {
	for _, c := range h.all() {
		if c.failed() && c.tries[0].start >= after {
			out = append(out, c)
		}
	}
	return out
}

// sum tells how a run was: calls by verb and verdict.
func (h *history) sum() string {
	counts := map[string]int{}
	again := 0
	for _, c := range h.all() {
		counts[string(c.verb)+" "+string(c.verdict())]++
		if len(c.tries) > 1 {
			again++
		}
	}
	return fmt.Sprintf("%d calls (%d of them twice) in %v: %v", len(h.all()), again, h.now().Round(time.Millisecond), counts)
}
