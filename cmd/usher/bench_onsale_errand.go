package main

import (
	"context"
	"sync"
	"time"

	"github.com/usherhq/usher/engine"
)

const (
	errandRunners = 512
	joinsAtOnce   = 8192
)

// errand is a call of the engine that somebody waits for, and then its answer.
type errand struct {
	what   errandKind
	who    []uint32 // one, but for joins
	night  int
	req    engine.HoldRequest // of a claim
	joins  []engine.JoinRequest
	ticket uint32
	token  string

	hold   engine.Hold // granted, or to book, or to release
	places []engine.Joined
	took   time.Duration
	err    error
}

type errandKind uint8

const (
	joinErrand errandKind = iota
	enterErrand
	claimErrand
	bookErrand
	releaseErrand
	leaveErrand
)

// runners run errands, so many at once; who hands one in never waits.
type runners struct {
	sale *onsale
	todo chan *errand
	done chan *errand
	wg   sync.WaitGroup
}

func newRunners(ctx context.Context, s *onsale) *runners {
	r := &runners{sale: s, todo: make(chan *errand, errandRunners), done: make(chan *errand, 4*errandRunners)}
	for range errandRunners {
		r.wg.Go(func() {
			for x := range r.todo {
				start := time.Now()
				x.err = s.call(ctx, x)
				x.took = time.Since(start)
				select {
				case r.done <- x:
				case <-ctx.Done():
				}
			}
		})
	}
	return r
}

// close ends them; what is under way is waited for.
func (r *runners) close() {
	close(r.todo)
	r.wg.Wait()
}

// call makes an errand's calls.
func (s *onsale) call(ctx context.Context, x *errand) (err error) {
	e := s.engine
	switch x.what {
	case joinErrand:
		x.places, err = e.JoinMany(ctx, s.events[0], x.joins)
	case enterErrand:
		var p engine.Place
		if p, err = s.line.Place(ctx, x.ticket); err != nil {
			return err
		}
		if p.AdmissionToken == "" {
			return engine.ErrAdmissionExpired
		}
		x.token = p.AdmissionToken
		_, err = e.VerifyAdmission(ctx, engine.VerifyRequest{EventID: p.EventID, HolderID: fanName(x.who[0]), Token: p.AdmissionToken, Start: true})
	case claimErrand:
		x.hold, err = e.Hold(ctx, x.req)
	case bookErrand:
		_, err = e.Book(ctx, engine.BookRequest{HoldID: x.hold.HoldID, FencingToken: x.hold.FencingToken, PaymentMethod: "sandbox", PaymentOptions: demoPayment})
	case releaseErrand:
		if err = e.Release(ctx, engine.ReleaseRequest{HoldID: x.hold.HoldID, FencingToken: x.hold.FencingToken}); err == nil && s.line != nil {
			err = s.leave(ctx, x.ticket)
		}
	case leaveErrand:
		err = s.leave(ctx, x.ticket)
	}
	return err
}

func (s *onsale) leave(ctx context.Context, ticket uint32) error {
	return s.engine.LeaveQueue(ctx, s.line.Ticket(ticket))
}
