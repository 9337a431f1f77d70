package engine_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
)

func backup(t testing.TB, e *engine.Engine) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := e.Backup(testContext(t), &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// restore opens what comes of a backup.
func restore(t testing.TB, raw []byte, o engine.RestoreOptions) (*engine.Engine, engine.Config) {
	t.Helper()
	cfg := engine.Config{Dir: filepath.Join(t.TempDir(), "restored")}
	if _, err := engine.Restore(testContext(t), bytes.NewReader(raw), cfg.Dir, o); err != nil {
		t.Fatal(err)
	}
	return openAgain(t, cfg), cfg
}

func openAgain(t testing.TB, cfg engine.Config) *engine.Engine {
	t.Helper()
	e, err := engine.Open(testContext(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func seatMap(t testing.TB, e *engine.Engine, id string) *engine.SeatMap {
	t.Helper()
	m, err := e.SeatMap(testContext(t), id, 0)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestRestore: what was there when a backup was made goes on in another folder; what came
// after it is not there, and nothing that is given out now can be taken for it.
func TestRestore(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]engine.Config{"one node": {Groups: 2}, "three replicas": {Groups: 2, Replicas: 3}} {
		t.Run(name, func(t *testing.T) { restoreOf(t, cfg) })
	}
}

func restoreOf(t *testing.T, cfg engine.Config) {
	ctx := testContext(t)
	e, id := open(t, cfg)
	nights := []string{id}
	for _, day := range []string{"2027-06-01", "2027-06-02", "2027-06-03"} {
		series := ""
		if day > "2027-06-01" {
			series = "run"
		}
		ev, err := e.CreateEvent(ctx, engine.EventSpec{VenueID: "hall", EventDate: day, ChartID: "small", Series: series, IdempotencyKey: day})
		if err != nil {
			t.Fatal(err)
		}
		nights = append(nights, ev.EventID)
	}
	held, sold, loose := hold(t, e, id, "A-1"), hold(t, e, id, "A-2"), hold(t, e, id, "A-3")
	booking := book(t, e, sold)
	stay, err := e.Hold(ctx, engine.HoldRequest{Items: items(nights, "C-1", "C-2"), HolderID: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	once := engine.HoldRequest{EventID: id, SeatIDs: []string{"B-1"}, HolderID: "bob", IdempotencyKey: "once"}
	first, err := e.Hold(ctx, once)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Block(ctx, engine.BlockRequest{EventID: id, SeatIDs: []string{"B-9"}, Reason: "camera"}); err != nil {
		t.Fatal(err)
	}
	before := map[string]*engine.SeatMap{}
	for _, n := range nights {
		before[n] = seatMap(t, e, n)
	}
	raw := backup(t, e)

	// What the old cluster does after the backup is lost.
	lost := hold(t, e, id, "A-4")
	lostBooking := book(t, e, loose)
	later, err := e.CreateEvent(ctx, engine.EventSpec{VenueID: "hall", EventDate: "2027-07-01", ChartID: "small", IdempotencyKey: "later"})
	if err != nil {
		t.Fatal(err)
	}
	lostLater := hold(t, e, later.EventID, "A-1")

	r, cfg := restore(t, raw, engine.RestoreOptions{})
	for _, n := range nights {
		was, is := before[n], seatMap(t, r, n)
		if was.Version != is.Version || !bytes.Equal(was.Packed, is.Packed) || was.Epoch == is.Epoch || is.Epoch == "" {
			t.Errorf("%s: version %d of %s, was %d of %s", n, is.Version, is.Epoch, was.Version, was.Epoch)
		}
		if _, err := r.Watch(ctx, n, engine.Cursor{Epoch: was.Epoch, Version: was.Version}); !errors.Is(err, engine.ErrEpochChanged) {
			t.Errorf("%s: who watched goes on: %v", n, err)
		}
	}
	if h, err := r.Extend(ctx, engine.ExtendRequest{HoldID: held.HoldID, FencingToken: held.FencingToken, TTL: time.Minute}); err != nil || h.FencingToken != held.FencingToken {
		t.Errorf("extending an old hold: %+v, %v", h, err)
	}
	if b := book(t, r, held); b.HoldID != held.HoldID {
		t.Errorf("booking an old hold: %+v", b)
	}
	if b, err := r.Book(ctx, bookRequest(stay, "")); err != nil || len(b.Items) != 4 {
		t.Errorf("booking an old stay: %+v, %v", b, err)
	}
	if b, err := r.BookingByID(ctx, booking.BookingID); err != nil || b.Status != engine.BookingBooked {
		t.Errorf("an old booking: %+v, %v", b, err)
	}
	if again, err := r.Hold(ctx, once); err != nil || again.HoldID != first.HoldID || again.FencingToken != first.FencingToken {
		t.Errorf("an old key: %+v, %v, was %+v", again, err, first)
	}
	if ev, err := r.CreateEvent(ctx, engine.EventSpec{VenueID: "hall", EventDate: "2027-06-01", ChartID: "small", IdempotencyKey: "2027-06-01"}); err != nil || ev.EventID != nights[1] {
		t.Errorf("an event is made again: %+v, %v", ev, err)
	}

	// The numbers of what is lost are given again, to others.
	one, two := hold(t, r, id, "B-3"), hold(t, r, id, "A-4")
	for _, h := range []engine.Hold{one, two} {
		if h.FencingToken <= lost.FencingToken || h.FencingToken < 1<<32 || h.HoldID == lost.HoldID {
			t.Errorf("a new hold is %+v, the old cluster gave %+v", h, lost)
		}
	}
	if _, err := r.HoldByID(ctx, lost.HoldID); !errors.Is(err, engine.ErrUnknownHold) {
		t.Errorf("a hold that is lost: %v", err)
	}
	if _, err := r.BookingByID(ctx, lostBooking.BookingID); !errors.Is(err, engine.ErrUnknownBooking) {
		t.Errorf("a booking that is lost: %v", err)
	}
	if b := book(t, r, one); b.BookingID == lostBooking.BookingID {
		t.Error("two bookings have one id")
	}
	if _, err := r.Event(ctx, later.EventID); !errors.Is(err, engine.ErrUnknownEvent) {
		t.Errorf("an event that is lost: %v", err)
	}
	anew, err := r.CreateEvent(ctx, engine.EventSpec{VenueID: "hall", EventDate: "2027-07-01", ChartID: "small", IdempotencyKey: "later"})
	if err != nil || anew.Epoch == later.Epoch {
		t.Errorf("made again it has epoch %s, had %s: %v", anew.Epoch, later.Epoch, err)
	}
	if h := hold(t, r, anew.EventID, "A-1"); h.FencingToken <= lostLater.FencingToken || h.HoldID == lostLater.HoldID {
		t.Errorf("its first hold is %+v, the old cluster gave %+v", h, lostLater)
	}

	// And it is an engine as any other: it can be closed, backed up and restored again.
	token := two.FencingToken
	r = reopen(t, r, cfg)
	r, _ = restore(t, backup(t, r), engine.RestoreOptions{NodeID: "third", LogStore: engine.LogStoreBolt})
	if s := r.Status(); s[0].Leader != "third" {
		t.Errorf("%+v", s[0])
	}
	if h := hold(t, r, id, "A-5"); h.FencingToken <= token {
		t.Errorf("token %d after %d", h.FencingToken, token)
	}
	if h, err := r.HoldByID(ctx, two.HoldID); err != nil || h.FencingToken != two.FencingToken {
		t.Errorf("a hold of the second era: %+v, %v", h, err)
	}
	if h, err := r.HoldByID(ctx, first.HoldID); err != nil || h.FencingToken != first.FencingToken {
		t.Errorf("a hold of the first era: %+v, %v", h, err)
	}
}

func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	e, _ := open(t, engine.Config{Groups: 1})
	raw := backup(t, e)
	ctx := testContext(t)
	to := func(dir string, o engine.RestoreOptions) error {
		_, err := engine.Restore(ctx, bytes.NewReader(raw), dir, o)
		return err
	}
	wantInvalid(t, "no folder", to("", engine.RestoreOptions{}), "Dir")
	wantInvalid(t, "a node's name", to(t.TempDir(), engine.RestoreOptions{NodeID: "../x"}), "NodeID")
	wantInvalid(t, "a log of paper", to(t.TempDir(), engine.RestoreOptions{LogStore: "paper"}), "LogStore")
	cfg := engine.Config{Dir: t.TempDir(), Groups: 1}
	other, _ := open(t, cfg)
	if err := to(cfg.Dir, engine.RestoreOptions{}); !errors.Is(err, engine.ErrFolderInUse) {
		t.Errorf("over a folder with data: %v", err)
	}
	if err := other.Close(); err != nil {
		t.Error(err)
	}
	raw[len(raw)/2] ^= 1
	dir := filepath.Join(t.TempDir(), "x")
	if err := to(dir, engine.RestoreOptions{}); !errors.Is(err, engine.ErrBadBackup) || !strings.Contains(err.Error(), "at byte ") {
		t.Errorf("a damaged backup: %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it left a folder: %v", err)
	}
	if _, err := engine.VerifyBackup(bytes.NewReader(raw)); !errors.Is(err, engine.ErrBadBackup) {
		t.Errorf("a damaged backup: %v", err)
	}
}

// TestRestoreThatStopsHalfway: whatever the folder has by then, it does not open.
func TestRestoreThatStopsHalfway(t *testing.T) {
	t.Parallel()
	e, _ := open(t, engine.Config{Groups: 3})
	raw := backup(t, e)
	begun := 0
	for reads := range 8 {
		cfg := engine.Config{Dir: filepath.Join(t.TempDir(), "half")}
		file := &dyingFile{ReadSeeker: bytes.NewReader(raw), left: reads}
		if _, err := engine.Restore(testContext(t), file, cfg.Dir, engine.RestoreOptions{}); !errors.Is(err, errDied) {
			if err == nil {
				break // it was quicker
			}
			t.Fatalf("%d reads: %v", reads, err)
		}
		if _, err := os.Stat(cfg.Dir); err != nil {
			continue // not even begun
		}
		begun++
		if half, err := engine.Open(testContext(t), cfg); !errors.Is(err, engine.ErrDamaged) {
			t.Errorf("half a folder opens: %v", err)
			if err == nil {
				_ = half.Close()
			}
		}
	}
	if begun == 0 {
		t.Error("no restore stopped halfway")
	}
}

var errDied = errors.New("the disk died")

// dyingFile fails after some reads of its second time through.
type dyingFile struct {
	io.ReadSeeker
	seeks, left int
}

func (f *dyingFile) Seek(off int64, whence int) (int64, error) {
	f.seeks++
	return f.ReadSeeker.Seek(off, whence)
}

func (f *dyingFile) Read(b []byte) (int, error) {
	if f.seeks == 2 {
		if f.left--; f.left < 0 {
			return 0, errDied
		}
	}
	return f.ReadSeeker.Read(b[:min(len(b), 700)])
}

// TestBackupOneAtATime: a second one is told to come back; one that is broken off leaves
// nothing behind, and the groups go on.
func TestBackupOneAtATime(t *testing.T) {
	t.Parallel()
	e, id := open(t, engine.Config{Groups: 2})
	w := &slowWriter{entered: make(chan struct{}), release: make(chan struct{})}
	done := make(chan error)
	go func() { done <- e.Backup(testContext(t), w) }()
	<-w.entered
	if err := e.Backup(testContext(t), io.Discard); !errors.Is(err, engine.ErrOverloaded) {
		t.Errorf("a second one: %v", err)
	}
	hold(t, e, id, "A-1") // nothing stands still while it is written
	close(w.release)
	if err := <-done; !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("broken off: %v", err)
	}
	if raw := backup(t, e); len(raw) == 0 {
		t.Error("empty")
	}
	ctx, cancel := context.WithCancel(testContext(t))
	cancel()
	if err := e.Backup(ctx, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if err := e.Backup(testContext(t), io.Discard); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

// slowWriter takes its first piece when it is told to, and then no more.
type slowWriter struct{ entered, release chan struct{} }

func (w *slowWriter) Write([]byte) (int, error) {
	close(w.entered)
	<-w.release
	return 0, io.ErrShortWrite
}

// TestRecover: the last node of a cluster goes on alone, in a new folder.
func TestRecover(t *testing.T) {
	t.Parallel()
	cfg := engine.Config{Dir: t.TempDir(), Groups: 2, Replicas: 3}
	e, id := open(t, cfg)
	ctx := testContext(t)
	held, sold := hold(t, e, id, "A-1"), hold(t, e, id, "A-2")
	booking := book(t, e, sold)
	was := seatMap(t, e, id)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	one := filepath.Join(cfg.Dir, "replica-1")
	next := engine.Config{Dir: filepath.Join(t.TempDir(), "next")}
	rep, err := engine.Recover(ctx, one, next.Dir, engine.RestoreOptions{NodeID: "last"})
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Groups) != 3 || len(rep.Voters) != 3 || len(rep.Warnings) == 0 {
		t.Errorf("%+v", rep)
	}
	r := openAgain(t, next)
	if is := seatMap(t, r, id); !bytes.Equal(is.Packed, was.Packed) || is.Epoch == was.Epoch {
		t.Errorf("%+v, was %+v", is, was)
	}
	book(t, r, held)
	if b, err := r.BookingByID(ctx, booking.BookingID); err != nil || b.Status != engine.BookingBooked {
		t.Errorf("%+v, %v", b, err)
	}
	if h := hold(t, r, id, "A-3"); h.FencingToken < 1<<32 {
		t.Errorf("%+v", h)
	}
	wantInvalid(t, "no folder", second(engine.Recover(ctx, one, "", engine.RestoreOptions{})), "Dir")
}

func second[T any](_ T, err error) error { return err }
