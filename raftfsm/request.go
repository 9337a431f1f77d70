package raftfsm

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/usherhq/usher/shard"
	"github.com/usherhq/usher/waitroom"
)

// Request is one command on its way, and then its result. Get one from NewRequest, and
// give it back with Free when the result has been read.
type Request struct {
	Cmd    Command
	Result Result // valid when Propose returned nil

	seats  []uint32 // owned room for Cmd.Hold.Seats
	holder []byte
	err    error
	came   time.Duration // boot clock, of a claim that is timed; else 0
	done   chan struct{} // capacity 1
	state  atomic.Uint32
}

// What the proposer has done with a request.
const (
	requestQueued    = 0
	requestTaken     = 1 // it may be in the log
	requestAbandoned = 2 // its caller left before it was taken
)

var requests = sync.Pool{New: func() any { return &Request{done: make(chan struct{}, 1)} }}

// NewRequest returns an empty request.
func NewRequest() *Request {
	r := requests.Get().(*Request)
	r.state.Store(requestQueued)
	r.err, r.came = nil, 0
	return r
}

// Seats returns room for n seat numbers that lives as long as the request.
func (r *Request) Seats(n int) []uint32 {
	if cap(r.seats) < n {
		r.seats = make([]uint32, n, max(n, 8))
	}
	return r.seats[:n]
}

// Holder copies a string into room that lives as long as the request.
func (r *Request) Holder(s string) []byte {
	r.holder = append(r.holder[:0], s...)
	return r.holder
}

// Free gives the request back. It must not be called after Propose returned an error
// whose outcome is unknown: the log may still be at work on it. Propose sees to that.
func (r *Request) Free() {
	if r.state.Load() == requestAbandoned {
		return
	}
	conflicts := r.Result.Conflicts[:0]
	if cap(conflicts) > conflictsKept {
		conflicts = nil
	}
	if cap(r.seats) > conflictsKept {
		r.seats = nil
	}
	if r.Cmd.Op == OpHold || r.Cmd.Op == OpHoldMarked {
		r.Cmd.Op, r.Cmd.Hold, r.Cmd.Pass = OpNone, shard.Hold{}, waitroom.Pass{} // a crowd's; clearing all costs more than a look-up
	} else {
		r.Cmd = Command{}
	}
	r.Result = Result{Result: shard.Result{Conflicts: conflicts}}
	requests.Put(r)
}

// await waits until the request is answered, or its caller leaves.
func (r *Request) await(ctx context.Context) error {
	if ctx.Done() == nil {
		<-r.done // much cheaper than a select
		return r.err
	}
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
		return r.leave(ctx.Err())
	}
}

// leave is for a caller that waits no longer: what has not been taken is in no log, nor will be.
func (r *Request) leave(why error) error {
	if r.state.CompareAndSwap(requestQueued, requestAbandoned) {
		return &OutcomeError{OutcomeNotApplied, why}
	}
	select {
	case <-r.done:
		return r.err
	default:
		r.state.Store(requestAbandoned)
		return &OutcomeError{OutcomeUnknown, why}
	}
}

// finish wakes the caller.
func (r *Request) finish(err error) {
	r.err = err
	r.done <- struct{}{}
}
