package proptest_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/usherhq/usher/engine"
)

func placeIn(body string) (p engine.Place) {
	if json.Unmarshal([]byte(body), &p) != nil {
		return engine.Place{}
	}
	return p
}

// watch looks at the room's figures at any node, all the while.
func (l *lobby) watch() {
	for ; !l.stopped.Load(); time.Sleep(20 * time.Millisecond) {
		var r engine.Room
		if l.get(l.nodes[rand.IntN(len(l.nodes))].api+l.path("/room"), &r) != nil {
			continue // it may be down
		}
		if r.Admitted+r.InShop > lobbyInside || r.AdmittedMinute > lobbyMinute {
			l.t.Errorf("%d and %d are inside, %d were let in within a minute", r.Admitted, r.InShop, r.AdmittedMinute)
		}
		// All that were ever let in are inside or over: nobody leaves the line. Credit begins with
		// what one second gives.
		let := r.Admitted + r.InShop + r.Over
		if most := int(time.Since(l.opens).Seconds()*lobbyMinute/60) + lobbyMinute/60 + 1; let > max(0, most) || let > 0 && r.Phase == "before" {
			l.t.Errorf("%d were let in within %v of the opening, in phase %s", let, time.Since(l.opens), r.Phase)
		}
	}
}

// serve lets people out who were let in: a place becomes free.
func (l *lobby) serve() {
	for ; !l.stopped.Load(); time.Sleep(time.Millisecond) {
		p := l.people[rand.IntN(len(l.people))]
		now, err := l.place(l.nodes[rand.IntN(len(l.nodes))], p.first.Ticket)
		if err != nil || now.State != engine.QueueAdmitted || now.AdmissionToken == "" {
			continue
		}
		l.mu.Lock()
		l.admitted[now.Ticket] = now.AdmissionToken
		l.mu.Unlock()
		for range 200 {
			node := l.nodes[rand.IntN(len(l.nodes))]
			a, err := (&killAPI{base: node.api, client: l.client}).do(killWrite{method: http.MethodDelete, path: "/v1/queue/" + now.Ticket})
			if err == nil && a.status == http.StatusNoContent {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
}

func (l *lobby) place(n *clusterNode, ticket string) (p engine.Place, err error) {
	a, err := (&killAPI{base: n.api, client: l.client}).do(killWrite{method: http.MethodGet, path: "/v1/queue/" + ticket})
	if err == nil && a.status != http.StatusOK {
		err = fmt.Errorf("ticket %s at %s: %d %s", ticket, n.id, a.status, a.body)
	}
	return placeIn(a.body), err
}
