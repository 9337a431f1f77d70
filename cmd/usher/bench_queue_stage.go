package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/usherhq/usher/engine"
)

const (
	queueCallers = 4
	queueBatch   = 16_384 // joins a call
	queueSample  = 4096   // who join again
)

// queueStage is a waiting room, and who is asked again.
type queueStage struct {
	engine *engine.Engine
	clock  *benchClock
	event  string
	line   *engine.Line
	joined int // people who came

	mu     sync.Mutex
	sample map[int]string // person → ticket
}

// newQueueStage makes an event whose room opens when its clock is stepped.
func newQueueStage(ctx context.Context, e *engine.Engine, clock *benchClock) (*queueStage, error) {
	if _, _, err := e.PutChart(ctx, "bench", benchChart(1000)); err != nil {
		return nil, err
	}
	opens := clock.Wall().Add(queueLead)
	ev, err := e.CreateEvent(ctx, engine.EventSpec{
		VenueID: benchVenue, EventDate: opens.AddDate(0, 1, 0).UTC().Format(time.DateOnly), ChartID: "bench", OnsaleAt: &opens,
		WaitingRoom: &engine.WaitingRoom{MaxActive: queueActive, NewPerMinute: queuePerMinute, FirstUseSeconds: 300},
	})
	if err != nil {
		return nil, err
	}
	line, err := e.LineOf(ctx, ev.EventID)
	return &queueStage{engine: e, clock: clock, event: ev.EventID, line: line, sample: map[int]string{}}, err
}

func queuePerson(i int) string {
	var b [16]byte
	return string(strconv.AppendInt(append(b[:0], "fan-"...), int64(i), 10))
}

// join lets n people join, from a number on, and gives how long it took.
func (q *queueStage) join(ctx context.Context, from, n int) (time.Duration, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var next atomic.Int64
	errs := make([]error, queueCallers)
	var callers sync.WaitGroup
	start := time.Now()
	for c := range queueCallers {
		callers.Go(func() {
			rs := make([]engine.JoinRequest, 0, queueBatch)
			for errs[c] == nil {
				at := int(next.Add(queueBatch)) - queueBatch
				if at >= n {
					return
				}
				rs = rs[:min(queueBatch, n-at)]
				if errs[c] = q.call(ctx, rs, from+at, n); errs[c] != nil {
					cancel()
				}
			}
		})
	}
	callers.Wait()
	q.joined += n
	return time.Since(start), errors.Join(errs...)
}

// call is one call of so many people, of n in all.
func (q *queueStage) call(ctx context.Context, rs []engine.JoinRequest, from, n int) error {
	for i := range rs {
		rs[i].HolderID = queuePerson(from + i)
	}
	places, err := q.engine.JoinMany(ctx, q.event, rs)
	if err != nil {
		return fmt.Errorf("joining: %w", err)
	}
	stride := max(n/queueSample, 1)
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := (stride - from%stride) % stride; i < len(places); i += stride {
		q.sample[from+i] = places[i].Ticket
	}
	return nil
}

// again lets some join once more: each must get the ticket it has.
func (q *queueStage) again(ctx context.Context, rep *queueReport) error {
	var rs []engine.JoinRequest
	var had []string
	for i, ticket := range q.sample {
		rs, had = append(rs, engine.JoinRequest{HolderID: queuePerson(i)}), append(had, ticket)
	}
	places, err := q.engine.JoinMany(ctx, q.event, rs)
	if err != nil {
		return err
	}
	for i, p := range places {
		if rep.Sampled++; p.New || p.Ticket != had[i] {
			rep.SecondTickets++
		}
	}
	return nil
}

// open steps the clock to the opening, and waits until all places are drawn.
func (q *queueStage) open(ctx context.Context, rep *queueReport) error {
	start := time.Now()
	q.clock.reach(q.clock.Monotonic() + queueLead)
	for drawn := false; !drawn || rep.FirstAdmission == 0; {
		if err := errors.Join(ctx.Err(), q.engine.Err()); err != nil {
			return err
		}
		inside := 0
		if err := q.line.View(func(v engine.LineView) { drawn, inside = v.Drawn(), v.Inside() }); err != nil {
			return err
		}
		passed := float64(time.Since(start).Microseconds()) / 1000
		if inside > 0 && rep.FirstAdmission == 0 {
			rep.FirstAdmission = passed
		}
		if drawn && rep.DrawMS == 0 {
			rep.DrawMS = passed
		}
		time.Sleep(200 * time.Microsecond)
	}
	return nil
}

// joinLine is for those who come late.
func (q *queueStage) joinLine(ctx context.Context, rep *queueReport) error {
	if rep.LineTickets == 0 {
		return nil
	}
	took, err := q.join(ctx, rep.Tickets, rep.LineTickets)
	rep.LineJoins = float64(rep.LineTickets) / took.Seconds()
	return err
}

// pause stops the admissions, and counts the tickets.
func (q *queueStage) pause(ctx context.Context, rep *queueReport) error {
	paused := "paused"
	room, err := q.engine.SetRoom(ctx, q.event, engine.RoomChange{State: &paused, Reason: "counting"})
	rep.UnknownTickets, rep.AdmittedAtCheck = room.Joined-q.joined, room.Admitted
	return err
}
