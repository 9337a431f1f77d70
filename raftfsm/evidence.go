package raftfsm

import (
	"sync/atomic"
	"time"
)

// evidence is why a leader may refuse a claim from memory.
//
// An entry that was proposed at time t, and then was committed and applied here, proves
// that a majority heard from this leader after t. None of those gives its vote, or its
// pre-vote, to anyone before it has missed a leader for HeartbeatTimeout; so nobody else
// can have been elected before t + HeartbeatTimeout, and until then nothing can have
// been committed that this replica has not seen when it looked at its state. A tenth is
// kept back for clocks that run apart.
//
// It holds provided that
//
//   - a restarted follower, which knows no leader, gives no vote for one
//     HeartbeatTimeout (transport.go);
//   - evidence is dropped before a leadership transfer and stays off until it ends, as a
//     transfer makes followers vote at once;
//   - this replica has led without a break: one that steps down knows no leader and votes
//     at once. To lead again it needs longer than evidence lasts, so it is enough that
//     it calls itself leader when that is checked;
//   - the state is read first, and evidence and leadership are checked after.
//
// raft.VerifyLeader is no substitute: it counts acknowledgements of heartbeats that were
// sent before it was called.
type evidence struct {
	span time.Duration // how long an entry proves leadership
	at   atomic.Int64  // when the newest such entry was proposed, boot clock; 0: none
	from atomic.Int64  // entries proposed before this do not count
	off  atomic.Int32  // how many want nothing to be taken
}

func newEvidence(heartbeat time.Duration) *evidence {
	return &evidence{span: heartbeat * 9 / 10}
}

// confirm notes that an entry proposed at t has been committed and applied here.
func (e *evidence) confirm(t time.Duration) {
	if int64(t) < e.from.Load() {
		return
	}
	for {
		old := e.at.Load()
		if int64(t) <= old || e.at.CompareAndSwap(old, int64(t)) {
			return
		}
	}
}

// suspend drops what there is: until as many resumed nothing more is taken. A leadership
// transfer begins with it, and so does the end.
func (e *evidence) suspend() { e.off.Add(1) }

// resume takes evidence again, from entries proposed after now.
func (e *evidence) resume(now time.Duration) {
	e.forget(now)
	e.off.Add(-1)
}

// forget drops what was proposed before now.
func (e *evidence) forget(now time.Duration) {
	e.from.Store(int64(now))
	e.at.Store(0)
}

// valid tells whether what was read before now may be answered for the log.
func (e *evidence) valid(now time.Duration) bool { return e.within(now, e.span) }

// fresh is false when it is time for an entry that renews the evidence.
func (e *evidence) fresh(now time.Duration) bool { return e.within(now, e.span/2) }

func (e *evidence) within(now, span time.Duration) bool {
	at := time.Duration(e.at.Load())
	return at != 0 && e.off.Load() == 0 && now < at+span
}
