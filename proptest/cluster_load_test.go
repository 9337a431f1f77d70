package proptest_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// clusterClients is how many calls can be under way.
const clusterClients = 12

// load is clients at work on a cluster, and what they were told.
type load struct {
	t       *testing.T
	client  *http.Client
	events  []string // the first is the hot one
	history *history
	pause   time.Duration                     // of a client between two calls, on average
	want    func(*clusterClient) *clusterCall // how it wants seats
	nodes   atomic.Pointer[[]*clusterNode]
	ended   atomic.Bool
	clients sync.WaitGroup

	mu     sync.Mutex
	stakes []*stake
}

// newLoad makes two events, for clients who want seats of one.
func (c *cluster) newLoad() *load {
	c.t.Helper()
	return c.loadOf(killEvents[:2], (*clusterClient).hold)
}

// loadOf makes events, each at another node.
func (c *cluster) loadOf(events []string, want func(*clusterClient) *clusterCall) *load {
	c.t.Helper()
	l := &load{t: c.t, client: c.client, events: events, history: newHistory(), pause: 25 * time.Millisecond, want: want}
	for i, w := range killHouse(l.events) {
		n := c.nodes[i%len(c.nodes)] // each knows at once what another one has answered
		a, err := (&killAPI{base: n.api, client: c.client}).do(w)
		if err != nil || a.status != http.StatusCreated {
			c.t.Fatalf("%s %s at node %s: %d %s, %v", w.method, w.path, n.id, a.status, a.body, err)
		}
	}
	l.use(c.nodes...)
	return l
}

// use says which nodes clients know of from here on.
func (l *load) use(nodes ...*clusterNode) {
	list := slices.Clone(nodes)
	l.nodes.Store(&list)
}

func (l *load) open() []*clusterNode { return *l.nodes.Load() }

// start lets clients buy; after stop it may be called again.
func (l *load) start() {
	l.ended.Store(false)
	seed := rand.Uint64()
	l.t.Logf("clients' seed %d", seed)
	for i := range clusterClients {
		c := &clusterClient{load: l, no: i, rng: rand.New(rand.NewPCG(seed, uint64(i)))}
		l.clients.Go(c.run)
	}
	l.t.Cleanup(l.stop) // also when the test gives up
}

func (l *load) stopped() bool { return l.ended.Load() }

// stop waits for the calls that are under way.
func (l *load) stop() {
	l.ended.Store(true)
	l.clients.Wait()
}

func (l *load) stake(s *stake) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stakes = append(l.stakes, s)
}

// hotGroup is the group of the hot event.
func (l *load) hotGroup(c *cluster) int {
	c.t.Helper()
	return l.group(c, l.events[0])
}

// group is that of an event, from the id of the first hold there: every id has it in its first byte.
func (l *load) group(c *cluster, event string) int {
	c.t.Helper()
	group := 0
	c.eventually(patience, func() error {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, s := range l.stakes {
			if s.event == event {
				group = groupOf(s.hold)
				return nil
			}
		}
		return fmt.Errorf("nothing of %s is held yet", event)
	})
	if group < 1 || group > c.shards {
		c.t.Fatalf("event %s is in group %d of %d", event, group, c.shards)
	}
	return group
}

// groupOf reads the group from a hold's id.
func groupOf(hold string) int {
	const digits = "0123456789abcdefghjkmnpqrstvwxyz"
	text := strings.TrimPrefix(hold, "hold_")
	return strings.IndexByte(digits, text[0])<<3 | strings.IndexByte(digits, text[1])>>2
}

// waitAccepted waits for a write of the hot event, begun after a moment, that is answered with
// yes (by node, if it is not empty), and tells how long after that moment it was.
func (l *load) waitAccepted(c *cluster, node string, after, patience time.Duration) time.Duration {
	c.t.Helper()
	var took time.Duration
	c.eventually(patience, func() error {
		at, ok := l.history.accepted(l.events[0], node, after)
		if !ok {
			return fmt.Errorf("no write of %s has been accepted since", l.events[0])
		}
		took = at - after
		return nil
	})
	return took
}

// visitor is a client of its own beside those of start: its calls begin at a node, or anywhere
// if that is nil.
func (l *load) visitor(i int, at *clusterNode) *clusterClient {
	return &clusterClient{load: l, no: clusterClients + i, rng: rand.New(rand.NewPCG(rand.Uint64(), 0)), first: at}
}
