package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/usherhq/usher/engine"
)

const (
	roomOpensIn  = 75 * time.Second // after the start of the demo
	roomFans     = 1200             // who come before it opens
	roomLate     = 1.5              // who come a second later on
	roomInside   = 60
	roomPerMin   = 90
	roomNeverUse = 0.08
	// roomLine is how many simulated people wait at most: they leave a place in sight for who
	// stands in line to try it.
	roomLine = 4000
)

func demoWaitingRoom() *engine.WaitingRoom {
	return &engine.WaitingRoom{MaxActive: roomInside, NewPerMinute: roomPerMin, SessionSeconds: 180, FirstUseSeconds: 60}
}

// demoLine is the simulated people of the show with a waiting room. One goroutine's.
type demoLine struct {
	crowd *crowd
	no    int // of the show
	line  *engine.Line
	opens time.Time
	names map[uint32]string // ticket → who has not been admitted yet
	owed  float64           // people who should have come by now
	come  int
	wg    sync.WaitGroup
}

func newDemoLine(ctx context.Context, c *crowd, no int) (*demoLine, error) {
	l := &demoLine{crowd: c, no: no, opens: c.shows[no].opens, names: map[uint32]string{}}
	var err error
	l.line, err = c.engine.LineOf(ctx, c.shows[no].id)
	return l, err
}

// run lets people stand in line until ctx ends, and waits for the last to leave the shop.
func (l *demoLine) run(ctx context.Context) {
	defer l.wg.Wait()
	rate := roomLate
	if wait := time.Until(l.opens); wait > time.Second {
		rate = roomFans / wait.Seconds()
	}
	for pause(ctx, time.Second) {
		if time.Now().After(l.opens) {
			rate = roomLate * l.crowd.paceNow()
		}
		l.owed += rate
		if err := l.join(ctx); err != nil {
			l.crowd.failed(ctx, err)
		}
		if err := l.letIn(ctx); err != nil {
			l.crowd.failed(ctx, err)
		}
	}
}

// join is for those who have come since.
func (l *demoLine) join(ctx context.Context) error {
	n := min(int(l.owed), max(roomLine-len(l.names), 0))
	l.owed -= float64(int(l.owed))
	if n == 0 {
		return nil
	}
	rs := make([]engine.JoinRequest, n)
	for i := range rs {
		rs[i].HolderID = fmt.Sprintf("fan-%x-%d", rand.Uint32(), l.come)
		l.come++
	}
	places, err := l.crowd.engine.JoinMany(ctx, l.crowd.shows[l.no].id, rs)
	if err != nil {
		return err
	}
	for i, p := range places {
		if no, ok := l.line.Number(p.Ticket); ok {
			l.names[no] = rs[i].HolderID
		}
	}
	l.crowd.add(func(t *crowdCounts) { t.Joined += int64(n) })
	return nil
}

// letIn sends those to the shop who have been admitted since.
func (l *demoLine) letIn(ctx context.Context) error {
	var next []uint32
	err := l.line.View(func(v engine.LineView) {
		v.Admitted(func(n uint32, _ int64, started bool) {
			if _, waits := l.names[n]; waits && !started {
				next = append(next, n)
			}
		})
	})
	for _, n := range next {
		name := l.names[n]
		delete(l.names, n)
		l.crowd.add(func(t *crowdCounts) { t.Admitted++ })
		if rand.Float64() >= roomNeverUse {
			l.wg.Go(func() { l.shop(ctx, n, name) })
		}
	}
	return err
}

// shop is the visit of somebody who was admitted; at most roomInside at once.
func (l *demoLine) shop(ctx context.Context, n uint32, name string) {
	rng := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	if !pause(ctx, time.Duration((2+8*rng.Float64())*float64(time.Second))) {
		return
	}
	p, err := l.line.Place(ctx, n)
	if err != nil {
		l.crowd.failed(ctx, err)
		return
	}
	if p.AdmissionToken == "" {
		return // it came too late: the demo was not let near a processor
	}
	l.crowd.add(func(t *crowdCounts) { t.Buyers++ })
	b := &shopper{crowd: l.crowd, show: l.crowd.shows[l.no], no: l.no, rng: rng, name: name, token: p.AdmissionToken}
	b.visit(ctx)
	if ctx.Err() == nil {
		// Who booked has left already: then this changes nothing.
		if err := l.crowd.engine.LeaveQueue(ctx, p.Ticket); err != nil {
			l.crowd.failed(ctx, err)
		}
	}
}
