package raftfsm

import (
	"context"
	"testing"
	"time"
)

func TestLatencies(t *testing.T) {
	var l latencies
	now := time.Hour
	if l.p99(now) != 0 {
		t.Error("a latency of no claim")
	}
	l.end(l.begin(now), now+time.Second)
	if l.begin(now+latencyEvery-1) != 0 {
		t.Error("two claims are timed within latencyEvery")
	}
	l.end(0, now) // of a claim that is not timed
	if got := l.p99(now + 2*time.Second); got != time.Second {
		t.Errorf("the p99 of one claim that took 1 s is %v", got)
	}
	if got := l.p99(now + time.Second + latencyWindow); got != 0 {
		t.Errorf("%v after the window", got)
	}
	now += time.Minute
	for i := range 200 { // 1 … 200 ms
		l.end(l.begin(now), now+time.Duration(i+1)*time.Millisecond)
		now += latencyEvery
	}
	if got := l.p99(now); got != 198*time.Millisecond {
		t.Errorf("p99 is %v", got)
	}
	for range 2 * len(l.ring) {
		l.end(l.begin(now), now+time.Millisecond)
		now += latencyEvery
	}
	if got := l.p99(now); got != time.Millisecond {
		t.Errorf("p99 is %v after a full window of 1 ms", got)
	}
}

// TestSomeOfEveryCrowdAreTimed: also where there are always about as many under way, as where so
// many callers ask again as soon as they are answered.
func TestSomeOfEveryCrowdAreTimed(t *testing.T) {
	const claims = 10_000
	for _, n := range []int64{1, timedEvery - 1} {
		if !timed(n) {
			t.Errorf("of %d under way one is not timed", n)
		}
	}
	for _, n := range []int64{timedEvery, timedEvery + 1, 2*timedEvery - 1, 100_001} {
		got := 0
		for range claims {
			if timed(n) {
				got++
			}
		}
		if got < claims/timedEvery/2 || got > claims/timedEvery*2 { // six standard deviations
			t.Errorf("with %d under way %d of %d are timed", n, got, claims)
		}
	}
}

// TestClaimsAreTimed: by whichever way a claim is answered.
func TestClaimsAreTimed(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // of no claim that is answered
	defer cancel()
	for i, way := range []string{"through the log", "from memory"} {
		b.credit.Store(0) // the door is shut: who is refused there waits for nobody
		r := claimOf(1)
		told := make(chan error, 1)
		go func() { told <- b.propose(ctx, r) }()
		<-b.wake
		b.mu.Lock()
		b.pending = nil
		b.mu.Unlock()
		b.boot += time.Duration(i+1) * time.Second
		b.evidence.confirm(b.boot)
		if e := b.fly(r); e != nil {
			b.commit(e)
		}
		if err := <-told; err != nil {
			t.Fatalf("%s: %v", way, err)
		}
		if got := b.latency.p99(b.boot); got != time.Duration(i+1)*time.Second {
			t.Errorf("%s: a latency of %v", way, got)
		}
	}
}
