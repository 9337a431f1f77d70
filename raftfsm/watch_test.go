package raftfsm

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/hashicorp/raft"
)

// look looks n times and gives the advice that was no "all is well", by its number.
func look(w *commitWatch, n int, leads bool, p *progress, each func()) map[int]commitAdvice {
	out := make(map[int]commitAdvice)
	for i := 1; i <= n; i++ {
		if each != nil {
			each()
		}
		if a := w.look(leads, p); a != commitsFlow {
			out[i] = a
		}
	}
	return out
}

func newCommitWatch() *commitWatch { return &commitWatch{limit: 20 * time.Second, step: time.Second} }

func TestCommitWatchEndsALeaderThatHangs(t *testing.T) {
	var p progress
	w := newCommitWatch()
	p.flying.Add(1)
	if got := look(w, 40, true, &p, nil); len(got) < 2 || got[20] != commitsNeedLeader || got[30] != commitsNeedEnd || got[29] != commitsFlow {
		t.Errorf("advised %v", got)
	}
	if got := look(w, 1, false, &p, nil); len(got) != 0 || w.stuck != 0 {
		t.Errorf("it leads no more: advised %v", got)
	}
}

// TestCommitWatchEndsALeaderThatRefuses: entries come back at once, and none is taken.
func TestCommitWatchEndsALeaderThatRefuses(t *testing.T) {
	for _, err := range []error{raft.ErrLeadershipTransferInProgress, raft.ErrEnqueueTimeout} {
		var p progress
		w := newCommitWatch()
		got := look(w, 30, true, &p, func() { p.flying.Add(1); p.landed(err) })
		if got[20] != commitsNeedLeader || got[30] != commitsNeedEnd {
			t.Errorf("%v: advised %v", err, got)
		}
	}
}

func TestCommitWatchLeavesOthersAlone(t *testing.T) {
	for name, each := range map[string]func(p *progress){
		"idle":           func(*progress) {},
		"busy":           func(p *progress) { p.flying.Add(1); p.landed(nil); p.flying.Add(1); p.landed(raft.ErrEnqueueTimeout) },
		"deposed":        func(p *progress) { p.flying.Add(1); p.landed(raft.ErrNotLeader) },
		"losing its job": func(p *progress) { p.flying.Add(1); p.landed(raft.ErrLeadershipLost) },
	} {
		var p progress
		if got := look(newCommitWatch(), 100, true, &p, func() { each(&p) }); len(got) != 0 {
			t.Errorf("%s: advised %v", name, got)
		}
	}
	var p progress
	w := newCommitWatch()
	p.flying.Add(1)
	if got := look(w, 19, true, &p, nil); len(got) != 0 {
		t.Errorf("advised %v", got)
	}
	p.landed(nil)
	p.flying.Add(1)
	if got := look(w, 20, true, &p, nil); len(got) != 0 {
		t.Errorf("one was committed in between: advised %v", got)
	}
}

// TestStuckLeaderEndsItsNode has a state machine that hangs, so that nothing is answered, in a
// node that has nobody to give the lead to.
func TestStuckLeaderEndsItsNode(t *testing.T) {
	t.Parallel()
	c := newTestClusterOf(t, 1, 1, LogStoreWAL, func(cfg *Config) { cfg.CommitLimit = 400 * time.Millisecond })
	ev := c.event(1, "a:2026-01-01", 10)
	n := c.nodes[0]
	g := n.Group(1)
	g.fsm.mu.RLock()
	answer := make(chan error, 1)
	go func() {
		r := NewRequest()
		r.Cmd = holdOf(ev, 1)
		answer <- g.Propose(context.Background(), r)
	}()
	select {
	case <-n.Done():
	case <-time.After(20 * time.Second):
		t.Error("the node goes on")
	}
	if err := n.Err(); err == nil || !strings.Contains(err.Error(), "got nothing committed") {
		t.Errorf("it ended with %v", err)
	}
	select {
	case err := <-answer:
		if OutcomeOf(err) != OutcomeUnknown {
			t.Errorf("its caller was told %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("its caller was left waiting")
	}
	g.fsm.mu.RUnlock()
}

// installs is a replica that is sent snapshots.
type installs struct {
	t       *testing.T
	watch   *installWatch
	applied uint64
	at      time.Time
	told    []error
}

func newInstalls(t *testing.T) *installs {
	s := &installs{t: t, at: time.Unix(1e9, 0)}
	s.watch = newInstallWatch(func() uint64 { return s.applied }, func(err error) { s.told = append(s.told, err) })
	s.watch.now = func() time.Time { return s.at }
	return s
}

// send has a snapshot come in whose bytes take a while; a short one breaks off.
func (s *installs) send(index uint64, took time.Duration, breaks bool) {
	s.t.Helper()
	var body io.Reader = bytes.NewReader(make([]byte, 1000))
	if breaks {
		body = io.MultiReader(io.LimitReader(body, 900), iotest.ErrReader(errors.New("connection reset")))
	}
	r := s.watch.follow(&raft.InstallSnapshotRequest{LastLogIndex: index, Size: 1000}, body)
	one := make([]byte, 1)
	if _, err := io.ReadFull(r, one); err != nil {
		s.t.Fatal(err)
	}
	s.at = s.at.Add(took)
	n, err := io.Copy(io.Discard, r)
	if (err != nil) != breaks || !breaks && n != 999 {
		s.t.Fatalf("read %d bytes: %v", n, err)
	}
}

func TestInstallsThatAreRefused(t *testing.T) {
	s := newInstalls(t)
	for i := range uint64(2) {
		s.send(100+i, time.Second, false)
	}
	if len(s.told) != 0 {
		t.Fatalf("told too early: %v", s.told)
	}
	for i := range uint64(3) {
		s.send(102+i, time.Second, false)
	}
	if len(s.told) != 1 || !strings.Contains(s.told[0].Error(), "start the node again") {
		t.Errorf("told %v", s.told)
	}
}

// TestInstallsThatLeadNowhere is hashicorp/raft #697: each is taken, and nothing fits behind it.
func TestInstallsThatLeadNowhere(t *testing.T) {
	s := newInstalls(t)
	for range 3 {
		s.send(100, time.Second, false)
		s.applied = 100
	}
	if len(s.told) != 1 {
		t.Errorf("told %v", s.told)
	}
}

func TestInstallsThatAreOnlySlow(t *testing.T) {
	for name, run := range map[string]func(s *installs){
		"one that takes an hour": func(s *installs) { s.send(100, time.Hour, false) },
		"a connection that breaks": func(s *installs) {
			for range 10 {
				s.send(100, time.Second, true)
			}
			s.send(100, time.Second, false)
		},
		"a leader that goes on meanwhile": func(s *installs) {
			for i := range uint64(10) {
				s.send(100+i, 10*time.Second, false)
				s.applied = 100 + i
			}
		},
		"entries came behind each": func(s *installs) {
			for i := range uint64(10) {
				s.send(100, time.Second, false)
				s.applied = 101 + i
			}
		},
		"now and then": func(s *installs) {
			for range 10 {
				s.send(100, time.Second, false)
				s.at = s.at.Add(2 * time.Minute)
			}
		},
	} {
		s := newInstalls(t)
		run(s)
		if len(s.told) != 0 {
			t.Errorf("%s: told %v", name, s.told)
		}
	}
}

func TestLeaderLook(t *testing.T) {
	var l leaderLook
	changes := 0
	for _, leader := range []string{"", "a", "a", "", "a", "b", "b", "", ""} {
		if l.changed(leader) {
			changes++
		}
	}
	if changes != 2 { // a anew, b
		t.Errorf("%d changes", changes)
	}
}
