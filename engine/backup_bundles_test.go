package engine

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/shard"
)

// TestBackupCutsNoReservation makes backups while stays over three groups are made,
// extended, booked, released, cancelled, and left behind by coordinators that die. Each
// backup is restored: when the keeper has run, every seat is the same on all three nights,
// and no group knows more than the one that decides.
func TestBackupCutsNoReservation(t *testing.T) {
	t.Parallel()
	backups, clock := backupsOfABusyEngine(t, 5, func(e *Engine, w io.Writer) error { return e.Backup(t.Context(), w) })
	for i, raw := range backups {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			for _, p := range halfStays(t, raw, clock) {
				t.Error(p)
			}
		})
	}
}

// TestACutThroughMomentsIsNoticed: copies of the groups of which each is right, but of
// another moment, do not pass: what looks at them would see it.
func TestACutThroughMomentsIsNoticed(t *testing.T) {
	t.Parallel()
	backups, clock := backupsOfABusyEngine(t, 4, func(e *Engine, w io.Writer) error {
		m := e.manifest()
		var states []io.WriterTo
		for group := range e.nodes[0].Groups() {
			p, err := e.leader(group).Pause(t.Context(), time.Minute)
			if err != nil {
				return err
			}
			z, err := p.Freeze(t.Context())
			p.Resume()
			if err != nil {
				return err
			}
			m.Groups, states = append(m.Groups, z.GroupManifest), append(states, z)
			time.Sleep(30 * time.Millisecond)
		}
		return raftfsm.WriteBackup(w, m, states)
	})
	for _, raw := range backups {
		if len(halfStays(t, raw, clock)) > 0 {
			return
		}
	}
	t.Error("none of them had half a stay: this test proves nothing")
}

// backupsOfABusyEngine makes some backups while holders are at work.
func backupsOfABusyEngine(t *testing.T, n int, backup func(*Engine, io.Writer) error) (all [][]byte, clock aheadClock) {
	clock = newAheadClock()
	e, refs := openNightsOf(t, Config{Dir: t.TempDir(), Groups: 3, Clock: clock}, holders*seatsEach)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for no := range uint32(holders) {
		wg.Go(func() {
			s := &stay{e: e, refs: refs, no: no, rng: rand.New(rand.NewPCG(uint64(no), 9))}
			for ctx.Err() == nil {
				s.step(ctx)
			}
		})
	}
	for range n {
		time.Sleep(time.Duration(30+rand.IntN(40)) * time.Millisecond) // anywhere in what they do
		clock.pass(askAfter / 2)
		var b bytes.Buffer
		if err := backup(e, &b); err != nil {
			t.Error(err)
			break
		}
		all = append(all, b.Bytes())
	}
	cancel()
	wg.Wait()
	closeEngine(t, e)
	clock.pass(askAfter + time.Second)
	return all, clock
}

const (
	holders   = 6
	seatsEach = 10
)

// stay is a holder who wants one of some seats, on all nights.
type stay struct {
	e    *Engine
	refs []*eventRef
	no   uint32
	rng  *rand.Rand
	held *Hold
}

func (s *stay) seat() uint32 { return s.no*seatsEach + s.rng.Uint32N(seatsEach) }

// step does the next thing. What is refused or unknown is tried otherwise: only whole stays
// are looked at in the end.
func (s *stay) step(ctx context.Context) {
	if s.held == nil {
		if s.rng.IntN(20) == 0 {
			s.die(ctx)
			return
		}
		r, seat := HoldRequest{HolderID: "ada"}, s.seat()
		for _, ref := range s.refs {
			r.Items = append(r.Items, ItemRequest{EventID: ref.id, SeatIDs: []string{ref.chart.ID(seat)}})
		}
		if h, err := s.e.Hold(ctx, r); err == nil {
			s.held = &h
		}
		return
	}
	h := s.held
	switch s.rng.IntN(4) {
	case 0:
		_, _ = s.e.Extend(ctx, ExtendRequest{HoldID: h.HoldID, FencingToken: h.FencingToken, TTL: 5 * time.Minute})
	case 1:
		s.held = nil
		_ = s.e.Release(ctx, ReleaseRequest{HoldID: h.HoldID, FencingToken: h.FencingToken})
	default:
		s.held = nil
		b, err := s.e.Book(ctx, BookRequest{HoldID: h.HoldID, FencingToken: h.FencingToken, PaymentMethod: "sandbox"})
		if err == nil && s.rng.IntN(8) > 0 {
			_, _ = s.e.CancelBooking(ctx, CancelRequest{BookingID: b.BookingID})
		}
	}
}

// die is a coordinator that stops after any of its steps.
func (s *stay) die(ctx context.Context) {
	seat := s.seat()
	c := &claim{e: s.e, req: &HoldRequest{HolderID: "bob"}, mode: ModeDirect, refs: s.refs, ttl: time.Minute}
	for _, ref := range s.refs {
		c.items = append(c.items, shard.Item{Event: ref.no, Seats: []uint32{seat}})
	}
	x := &txn{claim: c, home: s.refs[0].group, parts: make([]shard.Part, len(s.refs)), given: make([]shard.Granted, len(s.refs))}
	steps := txnSteps(x)
	for _, step := range steps[:s.rng.IntN(len(steps)+1)] {
		if step.do(ctx, x) != nil {
			return
		}
	}
}

// halfStays restores a backup, lets the keeper run, and tells what stands half.
func halfStays(t *testing.T, raw []byte, clock aheadClock) (problems []string) {
	cfg := Config{Dir: filepath.Join(t.TempDir(), "restored"), Clock: clock}
	if _, err := Restore(t.Context(), bytes.NewReader(raw), cfg.Dir, RestoreOptions{}); err != nil {
		t.Fatal(err)
	}
	e, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	awaitQuiet(t, e)
	var maps [3]*SeatMap
	for i, day := range []string{"2027-01-01", "2027-01-02", "2027-01-03"} {
		if maps[i], err = e.SeatMap(t.Context(), "hall:"+day, 0); err != nil {
			t.Fatal(err)
		}
	}
	for seat := range maps[0].Seats {
		a, b, c := maps[0].Status(seat), maps[1].Status(seat), maps[2].Status(seat)
		if a != b || b != c {
			problems = append(problems, fmt.Sprintf("seat %d is %v, %v and %v on the three nights", seat, a, b, c))
		}
	}
	closeEngine(t, e)
	rep, err := raftfsm.Inspect(t.Context(), cfg.Dir)
	if err != nil {
		t.Fatal(err)
	}
	return append(problems, rep.Problems...)
}
