package raftfsm

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"
	"go.uber.org/goleak"
)

// slowLog's writes take as long as they are told.
type slowLog struct {
	raft.LogStore
	store, prune time.Duration
	err          error
	calls        int
}

func (s *slowLog) StoreLogs([]*raft.Log) error {
	s.calls++
	time.Sleep(s.store)
	return s.err
}

func (s *slowLog) DeleteRange(uint64, uint64) error { time.Sleep(s.prune); return nil }

func TestWatchedLogHang(t *testing.T) {
	for name, c := range map[string]struct {
		inner *slowLog
		want  string
	}{
		"quick":        {&slowLog{store: 9 * time.Second, prune: 9 * time.Second}, ""},
		"store hangs":  {&slowLog{store: time.Hour}, "StoreLogs"},
		"delete hangs": {&slowLog{prune: time.Hour}, "DeleteRange"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				var told []error
				var after time.Duration
				w := newWatchedLog(c.inner, 0, func(err error) { told, after = append(told, err), time.Since(begin) })
				for range 2 {
					if err := w.StoreLogs(entries(1, 1, 1)); err != nil {
						t.Error(err)
					}
					if err := w.DeleteRange(1, 1); err != nil {
						t.Error(err)
					}
				}
				mustClose(t, w)
				if c.want == "" {
					if len(told) != 0 {
						t.Errorf("told %v", told)
					}
					return
				}
				if len(told) != 1 || !strings.Contains(told[0].Error(), c.want) {
					t.Fatalf("told %v", told)
				}
				if after < 10*time.Second || after > 12*time.Second {
					t.Errorf("told after %v", after)
				}
			})
		})
	}
}

func TestWatchedLogFailureIsFinal(t *testing.T) {
	defer goleak.VerifyNone(t)
	inner := &slowLog{err: errors.New("no space left on device")}
	var told atomic.Int32
	w := newWatchedLog(inner, 0, nil, watchFail(func(error) { told.Add(1) }))
	defer mustClose(t, w)
	first := w.StoreLog(&raft.Log{Index: 1})
	if !errors.Is(first, inner.err) {
		t.Fatalf("the first: %v", first)
	}
	inner.err = nil // a retried fsync succeeds, without the data
	if again := w.StoreLog(&raft.Log{Index: 1}); again != first {
		t.Errorf("the second: %v", again)
	}
	if err := w.DeleteRange(1, 1); err != first {
		t.Errorf("DeleteRange: %v", err)
	}
	if inner.calls != 1 || told.Load() != 1 {
		t.Errorf("%d calls, told %d times", inner.calls, told.Load())
	}
}

func TestWatchedLogObserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []int
		w := newWatchedLog(&slowLog{store: 3 * time.Millisecond}, 0, nil, watchObserve(func(d time.Duration, n, bytes int) {
			got = append(got, int(d.Milliseconds()), n, bytes)
		}))
		defer mustClose(t, w)
		if err := w.StoreLogs(entries(1, 4, 25)); err != nil {
			t.Fatal(err)
		}
		if len(got) != 3 || got[0] != 3 || got[1] != 4 || got[2] != 100 {
			t.Errorf("observed %v", got)
		}
	})
}
