package proptest_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
)

const (
	lobbyEvent  = "hall:2031-02-01:19:30"
	lobbyPeople = 2000
	lobbyInside = 150 // max_active
	lobbyMinute = 900 // new_per_minute
	lobbyAhead  = 10 * time.Second
)

// lobby is a crowd before one event, from the first who comes to the last who is let in.
type lobby struct {
	*cluster
	nodes   []*clusterNode
	opens   time.Time
	group   int
	commit  string
	people  []*lobbyPerson
	stopped atomic.Bool
	came    sync.WaitGroup
	at      sync.WaitGroup

	mu       sync.Mutex
	admitted map[string]string // ticket → its token
}

// lobbyPerson is somebody who was told of a place.
type lobbyPerson struct {
	holder, tier string
	first        engine.Place // as it was when the join was acknowledged
	seen         int          // drawn_place, once it is known
}

// TestClusterLobbySurvivesLeaders: 2,000 people join around the opening, at all nodes. Who leads
// the event's group is killed while they wait in the lobby, at the moment of the draw, and while
// people are let in. Everybody who was told of a place keeps it, nobody is let in twice or before
// their turn, never are there too many, and the draw is what anyone finds who does it again.
func TestClusterLobbySurvivesLeaders(t *testing.T) {
	t.Parallel()
	l := &lobby{cluster: newCluster(t, nil), admitted: map[string]string{}}
	l.nodes = l.cluster.nodes
	l.openRoom()
	l.come()
	l.spawn(l.watch)

	l.until(l.opens.Add(-7 * time.Second))
	l.strike("in the lobby")
	l.until(l.opens)
	l.strike("in the draw")
	l.waitReady(l.nodes...)
	l.eventually(patience, l.drawn)
	l.came.Wait()
	l.spawn(l.serve)
	l.spawn(l.serve)
	l.eventually(patience, func() error { return l.let(60) })
	l.strike("while people are let in")
	l.eventually(patience, func() error { return l.let(200) })
	l.stopped.Store(true)
	l.at.Wait()
	l.pause()
	l.settle(l.nodes)
	l.verify()
	for _, n := range l.nodes {
		n.stop(t)
	}
	l.inspect(l.nodes)
}

// openRoom makes the event, which goes on sale soon.
func (l *lobby) openRoom() {
	l.t.Helper()
	writes := killHouse(nil)
	l.opens = time.Now().Add(lobbyAhead).Truncate(time.Second)
	writes = append(writes, killWrite{method: "POST", path: "/v1/events", body: fmt.Sprintf(
		`{"venue_id":"hall","event_date":"2031-02-01","show_time":"19:30","chart_id":"hall","onsale_at":%q,"waiting_room":{"max_active":%d,"new_per_minute":%d,"first_use_seconds":300,"session_seconds":3600,"tiers":{"gold":"3:1"}}}`,
		l.opens.UTC().Format(time.RFC3339), lobbyInside, lobbyMinute)})
	for i, w := range writes {
		l.eventually(lobbyAhead/2, func() error { // not before all nodes have said that they know rooms
			a, err := (&killAPI{base: l.nodes[i].api, client: l.client}).do(w)
			if err != nil || a.status != http.StatusCreated {
				return fmt.Errorf("%s %s: %d %s, %v", w.method, w.path, a.status, a.body, err)
			}
			return nil
		})
	}
	var d engine.Draw
	l.eventually(patience, func() error { return l.get(l.nodes[0].api+l.path("/room/draw"), &d) })
	if l.commit = d.Commitment; d.Done || d.Seed != "" || len(l.commit) != 64 {
		l.t.Fatalf("before the draw it is %+v", d)
	}
}

// pause lets nobody in any more, so that all nodes can be asked for the same.
func (l *lobby) pause() {
	l.t.Helper()
	l.eventually(patience, func() error {
		a, err := (&killAPI{base: l.nodes[0].api, client: l.client}).do(killWrite{method: http.MethodPatch, path: l.path("/room"), body: `{"state":"paused"}`})
		if err != nil || a.status != http.StatusOK {
			return fmt.Errorf("pausing: %d %s, %v", a.status, a.body, err)
		}
		return nil
	})
}

func (l *lobby) path(rest string) string { return "/v1/events/" + lobbyEvent + rest }

// come has most people come before the opening, and the rest while it opens or soon after.
func (l *lobby) come() {
	const callers = 24
	l.people = make([]*lobbyPerson, lobbyPeople)
	var first sync.WaitGroup
	for c := range callers {
		first.Add(1)
		l.came.Add(1)
		go func() {
			defer l.came.Done()
			said := sync.OnceFunc(first.Done)
			defer said()
			for i := c; i < lobbyPeople; i += callers {
				if i < lobbyPeople*4/5 {
					l.until(l.opens.Add(time.Duration(i)*5*time.Millisecond - lobbyAhead))
				} else {
					l.until(l.opens.Add(time.Duration(i%10-2) * 300 * time.Millisecond))
				}
				l.people[i] = l.join(i)
				said()
			}
		}()
	}
	first.Wait()
	l.group = groupOf("hold_" + l.people[0].first.Ticket[len("tick_"):])
	if l.group < 1 || l.group > l.shards {
		l.t.Fatalf("ticket %s is of group %d", l.people[0].first.Ticket, l.group)
	}
}

// join asks one node after the other until one has answered.
func (l *lobby) join(i int) *lobbyPerson {
	p := &lobbyPerson{holder: fmt.Sprintf("person-%d", i)}
	if i%5 == 0 {
		p.tier = "gold"
	}
	body := fmt.Sprintf(`{"holder_id":%q,"tier":%q}`, p.holder, p.tier)
	if p.tier == "" {
		body = fmt.Sprintf(`{"holder_id":%q}`, p.holder)
	}
	for try := i; ; try++ {
		a, err := (&killAPI{base: l.nodes[try%3].api, client: l.client}).do(killWrite{method: "POST", path: l.path("/queue"), body: body})
		if err == nil && (a.status == http.StatusCreated || a.status == http.StatusOK) {
			if p.first = placeIn(a.body); p.first.Ticket == "" {
				l.t.Errorf("%s is told %s", p.holder, a.body)
			}
			return p
		}
		if err == nil && a.status < 500 && a.status != http.StatusTooManyRequests {
			l.t.Errorf("%s is refused: %d %s", p.holder, a.status, a.body)
			return p
		}
		if time.Since(l.opens) > 2*patience {
			l.t.Errorf("%s found no place: %d %s, %v", p.holder, a.status, a.body, err)
			return p
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// strike kills who leads the event's group, and starts it again.
func (l *lobby) strike(when string) {
	l.t.Helper()
	n := l.leader(l.group)
	n.kill(l.t)
	l.t.Logf("%s: node %s was killed at %v after the opening", when, n.id, time.Since(l.opens).Round(time.Millisecond))
	time.Sleep(time.Second)
	n.start(l.t)
	l.waitReady(n)
}

func (l *lobby) until(at time.Time) { time.Sleep(time.Until(at)) }

func (l *lobby) spawn(do func()) {
	l.at.Add(1)
	go func() {
		defer l.at.Done()
		do()
	}()
}

// drawn wants the draw to be through, on every node.
func (l *lobby) drawn() error {
	for _, n := range l.nodes {
		var d engine.Draw
		if err := l.get(n.api+l.path("/room/draw"), &d); err != nil || !d.Done {
			return fmt.Errorf("the draw at %s: %+v, %v", n.id, d, err)
		}
	}
	return nil
}

// let wants so many to have been let in and out again.
func (l *lobby) let(n int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.admitted) < n {
		return fmt.Errorf("%d are let in, of %d", len(l.admitted), n)
	}
	return nil
}
