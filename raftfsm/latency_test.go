package raftfsm

import (
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

// TestClaimsAreTimed: by whichever way a claim is answered.
func TestClaimsAreTimed(t *testing.T) {
	b := newBench(t)
	for i, way := range []string{"through the log", "from memory"} {
		r := claimOf(1)
		if err := b.enqueue(r); err != nil {
			t.Fatal(err)
		}
		b.pending = nil
		b.boot += time.Duration(i+1) * time.Second
		b.evidence.confirm(b.boot)
		if e := b.fly(r); e != nil {
			b.commit(e)
		}
		if !answered(r) {
			t.Fatalf("%s: no answer", way)
		}
		if got := b.latency.p99(b.boot); got != time.Duration(i+1)*time.Second {
			t.Errorf("%s: a latency of %v", way, got)
		}
	}
}
