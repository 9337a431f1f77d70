package main

import (
	"context"
	"io"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/usherhq/usher/engine"
)

const (
	positionLooks  = 200_000
	positionShared = 1000 // looks at one moment: readers must not keep the room from its writers
	placesCompared = 100_000
)

// heapInUse is what is reachable: what a collection frees may have finalizers, whose memory the
// next one frees.
func heapInUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// weigh tells what a ticket takes.
func (q *queueStage) weigh(rep *queueReport, empty uint64) {
	grown := float64(int64(heapInUse() - empty))
	own := 0
	if err := q.line.View(func(v engine.LineView) { own = v.Bytes() }); err != nil {
		own = 0 // the next look tells why
	}
	rep.BytesPerTicket = grown / float64(q.joined) / float64(q.line.Replicas())
	rep.StructureBytes = float64(own) / float64(q.joined)
}

// timePositions looks at random tickets.
func (q *queueStage) timePositions(_ context.Context, rep *queueReport) error {
	rng := rand.New(rand.NewPCG(1, 1))
	looks := make([]uint32, positionLooks)
	for i := range looks {
		looks[i] = 1 + rng.Uint32N(uint32(q.joined))
	}
	sum := 0
	one := func(v *engine.LineView, n uint32) {
		_, at := v.At(n)
		sum += at
	}
	start := time.Now()
	for _, n := range looks {
		if err := q.line.View(func(v engine.LineView) { one(&v, n) }); err != nil {
			return err
		}
	}
	rep.PositionNS = float64(time.Since(start).Nanoseconds()) / positionLooks
	start = time.Now()
	for at := 0; at < positionLooks; at += positionShared {
		err := q.line.View(func(v engine.LineView) {
			for _, n := range looks[at : at+positionShared] {
				one(&v, n)
			}
		})
		if err != nil {
			return err
		}
	}
	rep.PositionShared = float64(time.Since(start).Nanoseconds()) / positionLooks
	runtime.KeepAlive(sum) // what is not used need not be looked up
	return nil
}

// compare holds the replicas' places against each other.
func (q *queueStage) compare(ctx context.Context, rep *queueReport) error {
	rng := rand.New(rand.NewPCG(2, 2))
	looks := make([]uint32, min(placesCompared, q.joined))
	for i := range looks {
		looks[i] = 1 + rng.Uint32N(uint32(q.joined))
	}
	n, err := settled(ctx, time.Now().Add(settle), func(context.Context) (int64, error) { return q.differing(looks) })
	rep.Disagreeing = int(n)
	return err
}

type placeSeen struct {
	state    engine.QueueState
	position int
}

func (q *queueStage) differing(looks []uint32) (n int64, err error) {
	first := make([]placeSeen, len(looks))
	for r := range q.line.Replicas() {
		err := q.line.ViewReplica(r, func(v engine.LineView) {
			for i, ticket := range looks {
				state, position := v.At(ticket)
				if seen := (placeSeen{state, position}); r == 0 {
					first[i] = seen
				} else if seen != first[i] {
					n++
				}
			}
		})
		if err != nil {
			return 0, err
		}
	}
	return n, nil
}

// redraw makes the draw again from what is published of it.
func (q *queueStage) redraw(ctx context.Context, rep *queueReport) error {
	start := time.Now()
	draw, err := q.engine.DrawOf(ctx, q.event)
	if err != nil {
		return err
	}
	in, out := io.Pipe()
	go func() { out.CloseWithError(q.engine.WriteEntrants(ctx, q.event, out)) }() // ends with the reader, at the latest when that closes
	list, err := readDrawList(in)
	_ = in.Close() // a pipe's does not fail
	if err != nil {
		return err
	}
	if wrong := list.verify(&draw); wrong != nil {
		rep.DrawDisagrees = wrong.Error()
	}
	rep.VerifySeconds = time.Since(start).Seconds()
	return nil
}
