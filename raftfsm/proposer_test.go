package raftfsm

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"github.com/usherhq/usher/shard"
	"github.com/usherhq/usher/waitroom"
)

// deadFuture is raft's answer to an entry, as a test likes it.
type deadFuture struct{ err error }

func (f deadFuture) Error() error  { return f.err }
func (f deadFuture) Index() uint64 { return 1 }
func (f deadFuture) Response() any { return nil }

// bench is a proposer without raft: its rounds are taken by hand. One event of 1,000
// seats is in its state.
type bench struct {
	*proposer
	boot  time.Duration
	leads bool
}

func newBench(t *testing.T) *bench {
	t.Helper()
	clock := newLogicalClock(newFakeClock(), 0)
	f := &fsm{group: 1, clock: clock, entries: newEntryTable(7), m: newShardMachine(), halt: func(err error) { t.Error(err) }}
	m, err := NewMetrics(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{boot: time.Hour, leads: true}
	b.proposer = &proposer{
		leads: func() bool { return b.leads }, fsm: f, clock: clock,
		boot: func() time.Duration { return b.boot }, bootNear: func() time.Duration { return b.boot }, evidence: newEvidence(time.Second),
		entries: f.entries, limit: 100, observe: m.group(1),
		wake: make(chan struct{}, 1), claimed: make(map[uint32]*claims),
	}
	b.credit.Store(maxDoorCredit)

	s := f.m.(*shardMachine).state
	sum := [32]byte{1}
	if err := s.PutChart(&shard.ChartChunk{Sum: sum, Blob: sha256.Sum256([]byte("c")), Seats: 1000, Size: 1, Data: []byte("c")}); err != nil {
		t.Fatal(err)
	}
	var out Result
	if s.CreateEvent(s.Advance(clock.now()), &shard.CreateEvent{ID: "e", Chart: sum}, &out.Result); out.Err != nil {
		t.Fatal(out.Err)
	}
	return b
}

func claimOf(seats ...uint32) *Request {
	r := NewRequest()
	r.Cmd.Op = OpHold
	r.Cmd.Hold = shard.Hold{Seats: append(r.Seats(len(seats))[:0], seats...), TTL: 60_000, Holder: r.Holder("ann")}
	return r
}

// fly puts requests into an entry as submit does, short of raft.
func (b *bench) fly(rs ...*Request) *entry {
	e := b.sort(slices.Clone(rs))
	if e == nil {
		return nil
	}
	b.sequence++
	e.head = entryHead{Stamp: b.clock.stamp(), Origin: 7, Sequence: b.sequence, Count: uint32(len(e.requests))}
	e.results = make([]Result, len(e.requests))
	b.entries.put(e)
	b.flight = append(b.flight, e)
	return e
}

// commit applies an entry and hands out its results, as raft and land do.
func (b *bench) commit(e *entry) {
	data := endEntry(slices.Clone(e.data), e.head)
	b.fsm.ApplyBatch([]*raft.Log{{Index: b.sequence, Type: raft.LogCommand, Data: data}})
	e.proposed = b.boot
	b.settle(e, deadFuture{})
}

// settle runs land on one entry.
func (b *bench) settle(e *entry, f raft.ApplyFuture) {
	e.future = f
	b.flying, b.landed, b.stop = make(chan *entry, 1), make(chan *entry, 1), make(chan struct{})
	b.flying <- e
	close(b.flying)
	b.wg.Add(1)
	b.land()
	b.retire(<-b.landed)
}

func answered(r *Request) bool { return len(r.done) == 1 }

// TestProposerParksLosers: who claims a seat that an entry in flight claims is answered
// after that entry, and from what was decided.
func TestProposerParksLosers(t *testing.T) {
	b := newBench(t)
	win, lose, other := claimOf(1, 2), claimOf(2, 3), claimOf(4)
	e := b.fly(win, lose, other)
	if len(e.requests) != 2 || len(e.parked) != 1 || e.parked[0] != lose {
		t.Fatalf("entry has %d requests and %d parked", len(e.requests), len(e.parked))
	}
	late := claimOf(1)
	if b.fly(late) != nil || len(e.parked) != 2 {
		t.Fatal("a claim of a seat in flight was not parked")
	}
	b.commit(e)
	if !answered(win) || win.Result.Err != nil || !answered(other) || answered(lose) || answered(late) {
		t.Fatalf("after the entry: %v %v %v", win.Result.Err, answered(lose), answered(late))
	}
	if !slices.Equal(b.pending, []*Request{lose, late}) {
		t.Fatalf("%d pending, want the two that were parked, in order", len(b.pending))
	}
	// The entry is evidence, half a second old at most: one of the two goes through the
	// log only when it is older.
	batch := slices.Clone(b.pending)
	if b.fly(batch...) != nil || !answered(lose) || !answered(late) {
		t.Fatal("with fresh evidence both are refused from memory")
	}
	if !errors.Is(lose.Result.Err, shard.ErrSeatsUnavailable) || len(lose.Result.Conflicts) != 1 || lose.Result.Conflicts[0].Seat != 2 {
		t.Errorf("loser was told %v %+v", lose.Result.Err, lose.Result.Conflicts)
	}
}

// TestProposerRefusesOnlyWithEvidence walks through the ages of the evidence.
// TestProposerHalted: an entry that could not be applied may have been half applied, so
// nobody is refused by what it left.
func TestProposerHalted(t *testing.T) {
	b := newBench(t)
	b.commit(b.fly(claimOf(1)))
	err := errors.New("damaged")
	b.fsm.halted.Store(&err)
	loser := claimOf(1)
	if b.refuse([]*Request{loser}); answered(loser) {
		t.Error("refused by a state that has halted")
	}
}

func TestProposerRefusesOnlyWithEvidence(t *testing.T) {
	b := newBench(t)
	b.commit(b.fly(claimOf(1)))
	for _, c := range []struct {
		age    time.Duration
		refuse int // of three losers
	}{{0, 3}, {449 * time.Millisecond, 3}, {451 * time.Millisecond, 2}, {899 * time.Millisecond, 2}, {901 * time.Millisecond, 0}} {
		b.evidence.forget(0)
		b.evidence.confirm(b.boot)
		at := b.boot
		b.boot += c.age
		losers := []*Request{claimOf(1), claimOf(1), claimOf(1)}
		e := b.fly(losers...)
		told := 0
		for _, r := range losers {
			if answered(r) {
				told++
			}
		}
		if told != c.refuse {
			t.Errorf("evidence of age %v: %d of 3 were refused from memory, want %d", c.age, told, c.refuse)
		}
		b.boot = at
		if e != nil {
			b.commit(e)
			for len(b.pending) > 0 {
				rs := b.pending
				b.pending = nil
				if e := b.fly(rs...); e != nil {
					b.commit(e)
				}
			}
		}
	}
	b.evidence.confirm(b.boot)
	b.evidence.suspend()
	if r := claimOf(1); b.fly(r) == nil || answered(r) {
		t.Error("refused from memory during a transfer")
	}
	b.evidence.resume(0)
	b.evidence.confirm(b.boot)
	b.leads = false
	r := claimOf(1)
	if b.fly(r); answered(r) { // parked behind the one before
		t.Error("refused from memory by who leads no more")
	}
}

// TestProposerFailedEntry: the callers of an entry that failed are told so, and who
// waited for it tries again instead of being told "taken".
func TestProposerFailedEntry(t *testing.T) {
	b := newBench(t)
	first, second := claimOf(1), claimOf(1)
	e := b.fly(first, second)
	b.settle(e, deadFuture{raft.ErrLeadershipLost})
	if !answered(first) || OutcomeOf(first.err) != OutcomeUnknown || !errors.Is(first.err, ErrNoQuorum) {
		t.Errorf("first was told %v", first.err)
	}
	if answered(second) || len(b.pending) != 1 {
		t.Fatal("the parked claim was answered by a failure that is not its own")
	}
	if e := b.fly(second); e == nil || len(e.requests) != 1 {
		t.Error("the parked claim does not go into the next entry")
	}
}

func TestFailureOutcomes(t *testing.T) {
	for err, want := range map[error]struct {
		outcome Outcome
		is      error
	}{
		raft.ErrNotLeader:                    {OutcomeNotApplied, ErrNotLeader},
		raft.ErrLeadershipTransferInProgress: {OutcomeNotApplied, ErrNoQuorum},
		raft.ErrEnqueueTimeout:               {OutcomeNotApplied, ErrNoQuorum},
		raft.ErrLeadershipLost:               {OutcomeUnknown, ErrNoQuorum},
		raft.ErrAbortedByRestore:             {OutcomeUnknown, ErrNoQuorum},
		raft.ErrRaftShutdown:                 {OutcomeUnknown, ErrClosed},
		errors.New("disk full"):              {OutcomeUnknown, ErrNoQuorum},
		ErrHalted:                            {OutcomeUnknown, ErrHalted},
	} {
		got := failure(err)
		if got.Outcome != want.outcome || !errors.Is(got, want.is) {
			t.Errorf("%v means %v", err, got)
		}
	}
}

// TestProposerCancel: a caller who leaves before its request was taken knows that it is
// in no log; later it cannot know.
func TestProposerCancel(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := claimOf(1)
	if err := b.propose(ctx, r); OutcomeOf(err) != OutcomeNotApplied || !errors.Is(err, context.Canceled) || len(b.pending) != 0 {
		t.Errorf("cancelled before: %v", err)
	}
	for _, taken := range []bool{false, true} {
		ctx, cancel := context.WithCancel(context.Background())
		r := claimOf(2)
		err := make(chan error)
		go func() { err <- b.propose(ctx, r) }()
		<-b.wake
		rs := b.pending
		b.pending = nil
		if taken {
			b.fly(rs...)
		}
		cancel()
		want := OutcomeNotApplied
		if taken {
			want = OutcomeUnknown
		}
		if got := <-err; OutcomeOf(got) != want || !errors.Is(got, context.Canceled) {
			t.Errorf("taken %v: %v", taken, got)
		}
		if !taken {
			if b.fly(rs...) != nil {
				t.Error("a request whose caller was told \"not applied\" went into an entry")
			}
		}
		r.Free()
		if again := NewRequest(); again == r {
			t.Error("a request that the proposer may still hold was given out again")
		}
	}
}

// TestProposerOverload: the bound holds for all who wait, those who are parked included.
func TestProposerOverload(t *testing.T) {
	b := newBench(t)
	b.limit = 10
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	refused := make(chan error, 100)
	for range 10 {
		wg.Go(func() {
			if err := b.propose(ctx, claimOf(1)); errors.Is(err, ErrOverload) {
				refused <- err
			}
		})
	}
	eventually(t, "ten requests", func() bool { b.mu.Lock(); defer b.mu.Unlock(); return len(b.pending) == 10 })
	b.mu.Lock()
	rs := b.pending
	b.pending = nil
	b.mu.Unlock()
	if e := b.fly(rs...); len(e.parked) != 9 {
		t.Fatalf("%d parked", len(e.parked))
	}
	err := b.propose(ctx, claimOf(1))
	if !errors.Is(err, ErrOverload) || OutcomeOf(err) != OutcomeNotApplied {
		t.Errorf("the eleventh was told %v", err)
	}
	if len(refused) != 0 {
		t.Error("one of the first ten was refused")
	}
}

// TestProposerForgetsClaims: the marks of seats in flight cost memory only while there
// are any.
func TestProposerForgetsClaims(t *testing.T) {
	b := newBench(t)
	b.evidence.suspend() // or all but the first would be refused from memory
	for event := range uint32(1000) {
		r := claimOf(shard.MaxSeats-1, shard.MaxSeats, ^uint32(0))
		r.Cmd.Hold.Event = event
		b.commit(b.fly(r))
	}
	if len(b.claimed) > claimsKept {
		t.Errorf("%d bitmaps are kept after all has landed", len(b.claimed))
	}
}

// TestEntryFailsWhileApplied is a leader that lost its place: raft fails the entry while
// the state machine, told by the new leader, applies it. The entry is used again at
// once, and its next callers must not be given what came of the last ones.
func TestEntryFailsWhileApplied(t *testing.T) {
	b := newBench(t)
	slow := &slowMachine{machine: b.fsm.m, begun: make(chan struct{}), goOn: make(chan struct{})}
	b.fsm.m = slow
	e := b.fly(claimOf(1), claimOf(2), claimOf(3))
	data := endEntry(slices.Clone(e.data), e.head)
	applied := make(chan struct{})
	go func() {
		b.fsm.ApplyBatch([]*raft.Log{{Index: 1, Type: raft.LogCommand, Data: data}})
		close(applied)
	}()
	<-slow.begun
	b.settle(e, deadFuture{raft.ErrLeadershipLost})
	e.results = make([]Result, 3)
	close(slow.goOn)
	<-applied
	for i := range e.results {
		if e.results[i].Number != 0 {
			t.Errorf("result %d of the entry's next use is hold %d of its last", i, e.results[i].Number)
		}
	}
}

// slowMachine stops at its first command.
type slowMachine struct {
	machine
	once        sync.Once
	begun, goOn chan struct{}
}

func (m *slowMachine) apply(now int64, c *Command, out *Result) bool {
	m.once.Do(func() { close(m.begun); <-m.goOn })
	return m.machine.apply(now, c, out)
}

// TestProposeRefusesWhatDoesNotFit: a command that its encoding would cut off must not
// come into the log, where it would stop every replica.
func TestProposeRefusesWhatDoesNotFit(t *testing.T) {
	b := newBench(t)
	g := &Group{fsm: b.fsm, clock: b.clock, proposer: b.proposer}
	long := make([]byte, 256)
	for name, c := range map[string]Command{
		"block of 65,536 seats": {Op: OpBlock, Block: shard.Block{Seats: make([]uint32, 1<<16)}},
		"hold of 65,536 seats":  {Op: OpHold, Hold: shard.Hold{Seats: make([]uint32, 1<<16)}},
		"long holder":           {Op: OpHold, Hold: shard.Hold{Holder: long}},
		"long TTL":              {Op: OpHold, Hold: shard.Hold{TTL: 1 << 32}},
		"long reason":           {Op: OpBlock, Block: shard.Block{Reason: long}},
		"long payment":          {Op: OpBook, Book: shard.Book{Payment: long}},
		"large chunk":           {Op: OpChartChunk, Chunk: shard.ChartChunk{Data: make([]byte, MaxEntry)}},
		"long event id":         {Op: OpCreateEvent, Create: shard.CreateEvent{ID: string(long)}},
		"large settings":        {Op: OpPlaceEvent, Place: PlaceEvent{Create: shard.CreateEvent{Meta: make([]byte, MaxEntry)}}},
		"long series":           {Op: OpPlaceEvent, Place: PlaceEvent{Series: string(long)}},
		"a room's long id":      {Op: OpOpenRoom, OpenRoom: &waitroom.OpenRoom{ID: string(long)}},
		"a tier's long name":    {Op: OpOpenRoom, OpenRoom: &waitroom.OpenRoom{Config: waitroom.Config{Tiers: []waitroom.Tier{{Name: string(long)}}}}},
		"many tiers":            {Op: OpOpenRoom, OpenRoom: &waitroom.OpenRoom{Config: waitroom.Config{Tiers: make([]waitroom.Tier, 17)}}},
		"many entrants":         {Op: OpJoin, Join: &waitroom.Join{Entrants: make([]waitroom.Entrant, MaxJoin+1)}},
		"a room's long reason":  {Op: OpSetRoom, SetRoom: &waitroom.Set{Reason: string(long)}},
		"a pass and no word":    {Op: OpHoldMarked, Pass: waitroom.Pass{Ticket: 1}},
		"a pass in short":       {Op: OpHold, Hold: shard.Hold{Admitted: true}, Pass: waitroom.Pass{Ticket: 1}},
		"a pass to book":        {Op: OpBook, Pass: waitroom.Pass{Room: 1}},
		"no command":            {},
		"unknown command":       {Op: 200},
	} {
		r := NewRequest()
		r.Cmd = c
		if err := g.Propose(context.Background(), r); err != nil || !errors.Is(r.Result.Err, shard.ErrBadRequest) {
			t.Errorf("%s: %v, %v", name, err, r.Result.Err)
		}
	}
	if len(b.pending) != 0 {
		t.Errorf("%d of them are pending", len(b.pending))
	}
}

// silentFuture is an entry that raft does not answer as long as the test lasts.
type silentFuture struct {
	raft.ApplyFuture
	end chan struct{}
}

func (f silentFuture) Error() error {
	<-f.end
	return raft.ErrRaftShutdown
}

// TestProposerEndsWithoutAnswers: raft can end without answering what it had committed and
// not yet applied. Closing does not wait for that for ever, and its callers are told.
func TestProposerEndsWithoutAnswers(t *testing.T) {
	b := newBench(t)
	b.ran, b.flying = make(chan struct{}), make(chan *entry, entriesInFlight)
	r := claimOf(1)
	e := b.fly(r)
	f := silentFuture{end: make(chan struct{})}
	e.future = f
	b.stop = make(chan struct{})
	close(b.stop)
	t.Cleanup(func() { close(f.end); b.wg.Wait() })
	b.flying <- e
	close(b.flying)
	b.wg.Add(1)
	go b.land()
	close(b.ran)
	b.wait()
	<-r.done
	if OutcomeOf(r.err) != OutcomeUnknown || !errors.Is(r.err, ErrClosed) {
		t.Errorf("told %v", r.err)
	}
}
