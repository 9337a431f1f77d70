package proptest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
)

// call asks a node, and if it does not know the answer, another one, with the same key.
func (c *clusterClient) call(call *clusterCall, w killWrite) killAnswer {
	w.key = fmt.Sprintf("client-%d-%x", c.no, c.rng.Uint64())
	call.write = w
	nodes := c.load.open()
	first := c.first
	if first == nil {
		first = nodes[c.rng.IntN(len(nodes))]
	}
	a := c.try(call, first, w)
	if call.failed() && !call.single {
		rest := others(nodes, first)
		a = c.try(call, rest[c.rng.IntN(len(rest))], w)
	}
	return a
}

func (c *clusterClient) try(call *clusterCall, n *clusterNode, w killWrite) killAnswer {
	h := c.load.history
	t := attempt{node: n.id, start: h.now()}
	a, err := (&killAPI{base: n.api, client: c.load.client}).do(w)
	t.end = h.now()
	t.verdict, t.said = judged(a, err)
	call.tries = append(call.tries, t)
	return a
}

// judged tells what an answer means. An error after the connection was made tells nothing.
func judged(a killAnswer, err error) (verdict, string) {
	var op *net.OpError
	switch {
	case errors.As(err, &op) && op.Op == "dial":
		return notApplied, err.Error()
	case err != nil:
		return unknown, err.Error()
	}
	said := fmt.Sprintf("%d %s", a.status, a.body)
	switch {
	case a.status < 300 && a.status != http.StatusAccepted:
		return wasDone, said
	case 400 <= a.status && a.status < 500:
		return wasRefused, said
	}
	var p struct {
		Outcome string `json:"outcome"`
	}
	if json.Unmarshal([]byte(a.body), &p) == nil && p.Outcome == "not_applied" {
		return notApplied, said
	}
	return unknown, said
}

func (c *clusterClient) read(call *clusterCall, a killAnswer, into any) {
	if err := json.Unmarshal([]byte(a.body), into); err != nil {
		c.load.t.Errorf("%v in the answer to %v", err, call)
	}
}
