package engine_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/usherhq/usher/engine"
)

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	_, err := engine.Open(testContext(t), engine.Config{})
	wantInvalid(t, "no folder", err, "Dir")
	for field, cfgs := range map[string][]engine.Config{
		"Groups":      {{Groups: -1}, {Groups: 65}},
		"Replicas":    {{Replicas: 2}, {Replicas: -1}, {Replicas: 7}},
		"LogStore":    {{LogStore: "paper"}},
		"MaxInFlight": {{MaxInFlight: -1}},
	} {
		for _, cfg := range cfgs {
			cfg.Dir = t.TempDir()
			_, err := engine.Open(testContext(t), cfg)
			wantInvalid(t, fmt.Sprintf("%+v", cfg), err, field)
		}
	}
	cfg := engine.Config{Dir: t.TempDir(), Groups: 2, LogStore: engine.LogStoreBolt}
	e, _ := open(t, cfg)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		field  string
		change func(*engine.Config)
	}{
		{"Groups", func(c *engine.Config) { c.Groups = 3 }},
		{"Replicas", func(c *engine.Config) { c.Replicas = 3 }},
		{"LogStore", func(c *engine.Config) { c.LogStore = engine.LogStoreWAL }},
	} {
		other := cfg
		c.change(&other)
		_, err := engine.Open(testContext(t), other)
		wantInvalid(t, "opened as something else", err, c.field)
	}
	reopen(t, e, engine.Config{Dir: cfg.Dir}) // what was fixed need not be said again
}

// tree is every file below dir, with its size and time: what a refused Open must leave.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var out strings.Builder
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && !strings.Contains(path, "time.json") { // written each second by the owner
			fmt.Fprintln(&out, path, info.Mode(), info.Size())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestDirInUse(t *testing.T) {
	t.Parallel()
	for _, replicas := range []int{1, 3} {
		cfg := engine.Config{Dir: t.TempDir(), Groups: 1, Replicas: replicas}
		e, id := open(t, cfg)
		before := tree(t, cfg.Dir)
		for _, other := range []engine.Config{cfg, {Dir: cfg.Dir, Groups: 9}, {Dir: cfg.Dir, Replicas: 5}} {
			_, err := engine.Open(testContext(t), other)
			var in *engine.DirInUseError
			if !errors.As(err, &in) || in.PID != os.Getpid() {
				t.Errorf("%d replicas: %v", replicas, err)
			}
		}
		if after := tree(t, cfg.Dir); after != before {
			t.Errorf("the folder in use was\n%sand is\n%s", before, after)
		}
		hold(t, e, id, "A-1")
	}
}

// TestOpenAtOnce: of several engines that meet on a new folder one gets it, and what it
// wrote can be opened again.
func TestOpenAtOnce(t *testing.T) {
	t.Parallel()
	for _, replicas := range []int{1, 3} {
		cfg := engine.Config{Dir: filepath.Join(t.TempDir(), "new"), Groups: 1, Replicas: replicas}
		var won []*engine.Engine
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				e, err := engine.Start(t.Context(), cfg)
				mu.Lock()
				defer mu.Unlock()
				var in *engine.DirInUseError
				if err == nil {
					won = append(won, e)
				} else if !errors.As(err, &in) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if len(won) != 1 {
			t.Fatalf("%d replicas: %d engines got the folder", replicas, len(won))
		}
		if err := won[0].WaitReady(testContext(t)); err != nil {
			t.Fatal(err)
		}
		reopen(t, won[0], cfg)
	}
}

func TestRestartKeepsAll(t *testing.T) {
	t.Parallel()
	for _, replicas := range []int{1, 3} {
		cfg := engine.Config{Dir: t.TempDir(), Groups: 2, Replicas: replicas, Registerer: prometheus.NewRegistry()}
		e, id := open(t, cfg)
		ctx := testContext(t)
		held, b := hold(t, e, id, "A-1"), book(t, e, hold(t, e, id, "A-2"))
		if _, err := e.Block(ctx, engine.BlockRequest{EventID: id, SeatIDs: []string{"C-1"}}); err != nil {
			t.Fatal(err)
		}
		before, err := e.SeatMap(ctx, id, 0)
		if err != nil {
			t.Fatal(err)
		}
		e = reopen(t, e, cfg) // with the registerer it had
		after, err := e.SeatMap(ctx, id, 0)
		if err != nil || string(after.Packed) != string(before.Packed) || after.Version != before.Version || after.Epoch != before.Epoch {
			t.Errorf("map %+v, was %+v, %v", after, before, err)
		}
		if h, err := e.HoldByID(ctx, held.HoldID); err != nil || h.Status != engine.HoldHeld || !h.ExpiresAt.Equal(held.ExpiresAt) || h.FencingToken != held.FencingToken {
			t.Errorf("hold %+v, was %+v, %v", h, held, err)
		}
		if got, err := e.BookingByID(ctx, b.BookingID); err != nil || got.PaymentID != b.PaymentID {
			t.Errorf("booking %+v, %v", got, err)
		}
		if h := hold(t, e, id, "A-3"); h.FencingToken != held.FencingToken+2 {
			t.Errorf("token %d after the restart, the last was %d", h.FencingToken, held.FencingToken+1)
		}
	}
}

// TestDamage flips a byte of a log, and takes the identity away.
func TestDamage(t *testing.T) {
	t.Parallel()
	for _, replicas := range []int{1, 3} {
		cfg := engine.Config{Dir: t.TempDir(), Groups: 1, Replicas: replicas}
		e, id := open(t, cfg)
		hold(t, e, id, "A-1")
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		path := "groups/01"
		if replicas > 1 {
			path = "replica-1/groups/01"
		}
		flipInLog(t, filepath.Join(cfg.Dir, path))
		_, err := engine.Open(testContext(t), cfg)
		if !errors.Is(err, engine.ErrDamaged) || !strings.Contains(err.Error(), "group 1") || replicas > 1 && !strings.Contains(err.Error(), "replica-1") {
			t.Errorf("a damaged log: %v", err)
		} else {
			t.Log(err)
		}
		if err := os.Remove(filepath.Join(cfg.Dir, "engine.json")); err != nil {
			t.Fatal(err)
		}
		_, err = engine.Open(testContext(t), cfg)
		wantErr(t, "no identity", err, engine.ErrDamaged, engine.OutcomeNotApplied)
		if err := os.WriteFile(filepath.Join(cfg.Dir, "engine.json"), []byte(`{"node_ids":["../x"],"groups":1,"log_store":"wal"}`), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err = engine.Open(testContext(t), cfg)
		wantErr(t, "bad identity", err, engine.ErrDamaged, engine.OutcomeNotApplied)
	}
}

// flipInLog changes one byte of the event's id in the log's entries.
func flipInLog(t *testing.T, dir string) {
	t.Helper()
	done := false
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() || done {
			return err
		}
		raw, err := os.ReadFile(path)
		if i := strings.Index(string(raw), "hall:2027-05-01"); err == nil && i >= 0 {
			raw[i] ^= 1
			done = true
			return os.WriteFile(path, raw, info.Mode())
		}
		return err
	})
	if err != nil || !done {
		t.Fatalf("no log entry to damage in %s: %v", dir, err)
	}
}

// TestCloseWhileInside: everybody gets an answer, whatever they were doing, and Close
// may be called by several and again.
func TestCloseWhileInside(t *testing.T) {
	t.Parallel()
	for _, replicas := range []int{1, 3} {
		e, id := open(t, engine.Config{Groups: 1, Replicas: replicas})
		w, err := e.Watch(context.Background(), id, engine.Cursor{Version: 1 << 40})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		var callers sync.WaitGroup
		callers.Go(func() {
			if _, err := w.Next(context.Background()); !errors.Is(err, engine.ErrClosed) {
				t.Errorf("watcher was told %v", err)
			}
		})
		callers.Go(func() {
			if _, err := e.SeatMap(context.Background(), id, 1<<40); !errors.Is(err, engine.ErrClosed) {
				t.Errorf("reader was told %v", err)
			}
		})
		for c := range 64 {
			callers.Go(func() {
				seat := seatIDs(3, 10)[c%30]
				for i := 0; ; i++ {
					_, err := e.Hold(context.Background(), engine.HoldRequest{EventID: id, SeatIDs: []string{seat}, HolderID: "ada"})
					if err == nil || errors.Is(err, engine.ErrSeatsUnavailable) {
						continue
					}
					if !errors.Is(err, engine.ErrClosed) && !(errors.Is(err, engine.ErrNoQuorum) && e.Err() != nil) {
						t.Errorf("caller was told %v", err)
					}
					return
				}
			})
		}
		time.Sleep(20 * time.Millisecond)
		var closers sync.WaitGroup
		for range 3 {
			closers.Go(func() {
				if err := e.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		closers.Wait()
		callers.Wait()
		<-e.Done()
		wantErr(t, "Err", e.Err(), engine.ErrClosed, engine.OutcomeNotApplied)
		wantErr(t, "Ready", e.Ready(), engine.ErrClosed, engine.OutcomeNotApplied)
		_, err = e.Hold(context.Background(), engine.HoldRequest{EventID: id, SeatIDs: []string{"A-1"}, HolderID: "ada"})
		wantErr(t, "Hold after Close", err, engine.ErrClosed, engine.OutcomeNotApplied)
	}
}

func TestCancelledContext(t *testing.T) {
	t.Parallel()
	e, id := open(t, engine.Config{Groups: 1})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := e.Hold(ctx, engine.HoldRequest{EventID: id, SeatIDs: []string{"A-1"}, HolderID: "ada"})
	wantErr(t, "hold", err, context.Canceled, engine.OutcomeNotApplied)
	_, err = e.SeatMap(ctx, id, 5)
	wantErr(t, "map", err, context.Canceled, engine.OutcomeNotApplied)
	_, err = engine.Open(ctx, engine.Config{Dir: t.TempDir()})
	wantErr(t, "open", err, engine.ErrStarting, engine.OutcomeNotApplied)
}

func TestStatus(t *testing.T) {
	t.Parallel()
	e, _ := open(t, engine.Config{Groups: 2, Replicas: 3})
	leaders := map[int]int{}
	for _, s := range e.Status() {
		if s.State == "Leader" {
			leaders[s.Group]++
		}
		if !s.Ready || s.Problem != "" {
			t.Errorf("%+v", s)
		}
	}
	if len(e.Status()) != 9 || len(leaders) != 3 {
		t.Errorf("%d, leaders %v", len(e.Status()), leaders)
	}
}
