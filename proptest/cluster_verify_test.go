package proptest_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/raftfsm"
)

// verify ends the load and holds everything against what the clients were told: on each node that
// runs, seat by seat in the order of the history, and in the nodes' folders.
func (c *cluster) verify(l *load) {
	c.t.Helper()
	l.end()
	nodes := c.running()
	c.settle(nodes)
	final := c.sameMaps(l, nodes)
	for _, n := range nodes {
		c.verifyStakes(l, n)
	}
	l.apart()
	l.history.linearize(c.t, final)
	l.enough()
	for _, n := range nodes {
		n.stop(c.t)
	}
	c.inspect(nodes)
}

// end stops the load, and tells how it was.
func (l *load) end() {
	l.stop()
	l.t.Log(l.history.sum())
	for i, call := range l.history.failures(0) {
		if i < 5 {
			l.t.Logf("left without an answer: %v", call)
		}
	}
}

// settle waits until every node has applied all that is committed.
func (c *cluster) settle(nodes []*clusterNode) {
	c.t.Helper()
	c.waitReady(nodes...)
	c.eventually(patience, func() error {
		var v engine.ClusterView
		if err := c.get(nodes[0].ops+"/cluster", &v); err != nil {
			return err
		}
		for _, g := range v.Groups {
			for _, n := range nodes {
				if lag, ok := g.Lag[n.id]; !g.Quorum || !ok || lag > 0 {
					return fmt.Errorf("group %d is led by %q, node %s is %d entries behind (answers: %v)", g.Group, g.Leader, n.id, lag, ok)
				}
			}
		}
		return nil
	})
}

// sameMaps wants all nodes to show the same seats, and gives their status by event and seat.
func (c *cluster) sameMaps(l *load, nodes []*clusterNode) map[string]string {
	c.t.Helper()
	final := map[string]string{}
	for _, event := range l.events {
		c.eventually(patience, func() error {
			first, err := c.seats(nodes[0], event)
			if err != nil {
				return err
			}
			for _, n := range nodes[1:] {
				other, err := c.seats(n, event)
				if err != nil {
					return err
				}
				if !maps.Equal(first, other) {
					return fmt.Errorf("nodes %s and %s show different seats of %s", nodes[0].id, n.id, event)
				}
			}
			maps.Copy(final, first)
			return nil
		})
	}
	return final
}

func (c *cluster) seats(n *clusterNode, event string) (map[string]string, error) {
	var m struct {
		Seats []struct {
			SeatID string `json:"seat_id"`
			Status string `json:"status"`
		} `json:"seats"`
	}
	if err := c.get(n.api+"/v1/events/"+event+"/seats", &m); err != nil {
		return nil, err
	}
	if len(m.Seats) != killRows*killSeats {
		return nil, fmt.Errorf("event %s has %d seats at node %s", event, len(m.Seats), n.id)
	}
	out := map[string]string{}
	for _, s := range m.Seats {
		out[event+" "+s.SeatID] = s.Status
	}
	return out, nil
}

// apart wants no two holds to have a seat, and no two a token.
func (l *load) apart() {
	l.t.Helper()
	owner, tokens := map[string]*stake{}, map[string]*stake{}
	for _, s := range l.stakes {
		for _, token := range s.tokens() {
			if other := tokens[token]; other != nil {
				l.t.Errorf("fencing token %s was given twice: %+v and %+v", token, *other, *s)
			}
			tokens[token] = s
		}
		if s.perhaps != "" || s.status != "held" && s.status != "booked" {
			continue
		}
		for _, key := range s.keys() {
			if other := owner[key]; other != nil {
				l.t.Errorf("seat %s was sold twice: %+v and %+v", key, *other, *s)
			}
			owner[key] = s
		}
	}
}

// enough wants the load to have been one: a test under which nothing happened proves nothing.
func (l *load) enough() {
	l.t.Helper()
	counts := map[string]int{}
	for _, c := range l.history.all() {
		counts[string(c.verb)+" "+string(c.verdict())]++
	}
	for _, want := range []string{"hold ok", "hold refused", "extend ok", "release ok", "book ok", "cancel ok"} {
		if counts[want] < 5 {
			l.t.Errorf("only %d × %s: this proves little", counts[want], want)
		}
	}
}

// inspect looks at folders of nodes that have ended: each by itself, as an operator would, and
// all together.
func (c *cluster) inspect(nodes []*clusterNode) {
	c.t.Helper()
	var dirs []string
	for _, n := range nodes {
		dirs = append(dirs, n.dir)
		if out, err := c.usher("check", "--data", n.dir, "--json"); err != nil || !strings.HasPrefix(out, `{"ok":true`) {
			c.t.Errorf("%v: %.2000s", err, out)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	rep, err := raftfsm.Inspect(ctx, dirs...)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, p := range rep.Problems {
		c.t.Error(p)
	}
	if len(rep.Compared) != c.shards+1 {
		c.t.Errorf("digests of %d groups were compared: %v", len(rep.Compared), rep.Compared)
	}
}
