package raftfsm

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// cutFake is a group as a test likes it; its log is shared by all.
type cutFake struct {
	no     int
	log    *cutLog
	pauses int // that fail
	opens  int // likewise
}

type cutLog struct {
	paused, open, opened atomic.Int64
	groups               int64
	early                atomic.Bool // a state was frozen before all had paused
}

var errLost = errors.New("the leader was lost")

func (f *cutFake) Pause(ctx context.Context, lease time.Duration) error {
	if f.pauses > 0 {
		f.pauses--
		return errLost
	}
	time.Sleep(time.Duration(f.no) * time.Millisecond)
	f.log.paused.Add(1)
	return ctx.Err()
}

func (f *cutFake) Open(context.Context) (io.ReadCloser, GroupManifest, error) {
	if f.log.paused.Load() < f.log.groups {
		f.log.early.Store(true)
	}
	if f.opens > 0 {
		f.opens--
		return nil, GroupManifest{}, errLost
	}
	f.log.opened.Add(1)
	f.log.open.Add(1)
	return &cutStream{strings.NewReader("state"), f.log}, GroupManifest{Group: f.no, Index: 7}, nil
}

func (f *cutFake) Resume() { f.log.paused.Store(0) }

type cutStream struct {
	*strings.Reader
	log *cutLog
}

func (s *cutStream) Close() error {
	if s.log != nil {
		s.log.open.Add(-1)
		s.log = nil
	}
	return nil
}

func (s *cutStream) Read(b []byte) (int, error) {
	if s.log != nil && s.log.paused.Load() > 0 {
		return 0, errors.New("it is read while the groups stand still")
	}
	return s.Reader.Read(b)
}

func fakeGroups(n int) (*cutLog, []*cutFake, func() ([]CutGroup, error)) {
	log := &cutLog{groups: int64(n)}
	var fakes []*cutFake
	var groups []CutGroup
	for i := range n {
		f := &cutFake{no: i, log: log}
		fakes, groups = append(fakes, f), append(groups, f)
	}
	return log, fakes, func() ([]CutGroup, error) { return groups, nil }
}

// TestCutIsTriedAgain: a leader that is lost in the middle spoils the whole cut, and
// another is made; states that were frozen for the spoilt one are given free.
func TestCutIsTriedAgain(t *testing.T) {
	log, fakes, find := fakeGroups(4)
	fakes[2].pauses, fakes[1].opens = 1, 2
	c, err := TakeCut(t.Context(), find)
	if err != nil {
		t.Fatal(err)
	}
	if log.early.Load() || log.open.Load() != 4 || log.paused.Load() != 0 || c.Groups[3] != (GroupManifest{Group: 3, Index: 7}) {
		t.Errorf("early %v, %d streams open, %d paused, %+v", log.early.Load(), log.open.Load(), log.paused.Load(), c.Groups)
	}
	var b bytes.Buffer
	if err := c.WriteBackup(&b, Manifest{}); err != nil || log.open.Load() != 0 {
		t.Errorf("%v, %d streams open", err, log.open.Load())
	}
	if err := c.Close(); err != nil || log.open.Load() != 0 {
		t.Errorf("%v, %d streams open", err, log.open.Load())
	}
}

// farFake is a group that another node leads: it stands still from when it is asked, and only who
// was there for the answer can let it go on.
type farFake struct {
	cutFake
	still, known bool
	resumed      chan struct{} // closed by the first Resume
	after        chan struct{} // Resume waits for it; nil: for nothing
}

func (f *farFake) Pause(ctx context.Context, _ time.Duration) error {
	if f.still {
		return ErrPaused
	}
	f.still = true
	select {
	case <-time.After(50 * time.Millisecond): // long enough for another group to fail meanwhile
		f.known = true
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *farFake) Resume() {
	if f.after != nil {
		<-f.after
	}
	if f.known {
		f.still, f.known = false, false
	}
	if f.resumed != nil {
		close(f.resumed)
		f.resumed = nil
	}
}

// TestCutLetsAllGoOn: where one group could not be stopped, those that could go on at once, also
// one that stood still without our knowing yet; else it would take no write, and no other cut,
// until its lease ends. A group whose leader does not answer keeps none of the others waiting.
func TestCutLetsAllGoOn(t *testing.T) {
	_, fakes, _ := fakeGroups(1)
	fakes[0].pauses = 1
	last := &farFake{cutFake: cutFake{no: 2, log: fakes[0].log}, resumed: make(chan struct{})}
	far := &farFake{cutFake: cutFake{no: 1, log: fakes[0].log}, after: last.resumed}
	c, err := TakeCut(t.Context(), func() ([]CutGroup, error) { return []CutGroup{fakes[0], far, last}, nil })
	if err != nil {
		t.Fatal(err)
	}
	if far.still || last.still {
		t.Errorf("groups 1 and 2 stand still: %v, %v", far.still, last.still)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// TestCutGivesUp: a leader that is never there is told of, and nothing stays frozen.
func TestCutGivesUp(t *testing.T) {
	log, fakes, find := fakeGroups(3)
	fakes[1].opens = 99
	if _, err := TakeCut(t.Context(), find); !errors.Is(err, errLost) || log.open.Load() != 0 || log.paused.Load() != 0 {
		t.Errorf("%v, %d streams open, %d paused", err, log.open.Load(), log.paused.Load())
	}
	if tried := 99 - fakes[1].opens; tried != cutTries {
		t.Errorf("tried %d times", tried)
	}
	tries := 0
	closed := func() ([]CutGroup, error) { tries++; return nil, ErrClosed }
	if _, err := TakeCut(t.Context(), closed); !errors.Is(err, ErrClosed) || tries != 1 {
		t.Errorf("%v after %d tries", err, tries)
	}
	ctx, cancel := context.WithCancel(t.Context())
	gone := func() ([]CutGroup, error) { tries++; cancel(); return nil, errLost }
	if _, err := TakeCut(ctx, gone); !errors.Is(err, errLost) || tries != 2 {
		t.Errorf("%v after %d tries", err, tries)
	}
	fakes[1].opens, fakes[1].no = 0, 5
	if _, err := TakeCut(t.Context(), find); err == nil || !strings.Contains(err.Error(), "group 5") {
		t.Errorf("another group's state was taken: %v", err)
	}
}

// TestCutOfNode makes a backup of a node at work, and reads it by both ways a stream has.
func TestCutOfNode(t *testing.T) {
	t.Parallel()
	c := newTestCluster(t, 3, 2, LogStoreWAL)
	sellSome(t, c, false)
	find := func() (all []CutGroup, _ error) {
		for group := range 3 {
			all = append(all, c.leader(group).CutHere())
		}
		return all, nil
	}
	for _, piped := range []bool{false, true} {
		cut, err := TakeCut(t.Context(), find)
		if err != nil {
			t.Fatal(err)
		}
		if res := c.do(1, seatOf(0, 60)); res.Err != nil && !piped {
			t.Fatal(res.Err)
		}
		if piped {
			for i, s := range cut.streams {
				cut.streams[i] = struct{ io.ReadCloser }{s} // hides WriteTo
			}
		}
		var b bytes.Buffer
		if err := cut.WriteBackup(&b, Manifest{Usher: "test"}); err != nil {
			t.Fatal(err)
		}
		rep, err := VerifyBackup(&b)
		if err != nil {
			t.Fatal(err)
		}
		if g := rep.Groups[1]; g.Events != 1 || g.Bookings != 1 || g.Cancelled != 1 || g.Blocked != 1 {
			t.Errorf("%+v", g)
		}
	}
	cut, err := TakeCut(t.Context(), find)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cut.streams[1].Read(make([]byte, 5)); err != nil {
		t.Error(err)
	}
	if err := cut.Close(); err != nil { // in the middle of reading
		t.Error(err)
	}
}
