package raftfsm

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/hashicorp/raft"

	"github.com/usherhq/usher/shard"
)

// sumCheck is a stand-in for the codec's: the last byte is the sum of the rest.
func sumCheck(data []byte) error {
	var sum byte
	for _, b := range data[:max(0, len(data)-1)] {
		sum += b
	}
	if len(data) == 0 || data[len(data)-1] != sum {
		return errors.New("bad sum")
	}
	return nil
}

func command(index uint64, body string) *raft.Log {
	data := append([]byte(body), 0)
	for _, b := range []byte(body) {
		data[len(body)] += b
	}
	return &raft.Log{Index: index, Term: 1, Type: raft.LogCommand, Data: data}
}

// flakyLog changes, or fails, what is read of one entry.
type flakyLog struct {
	raft.LogStore
	at     uint64
	change func(*raft.Log) error
}

func (f *flakyLog) GetLog(i uint64, l *raft.Log) error {
	if err := f.LogStore.GetLog(i, l); err != nil {
		return err
	}
	if i != f.at {
		return nil
	}
	l.Data = append([]byte(nil), l.Data...)
	return f.change(l)
}

var errIO = errors.New("input/output error")

// damages are what a disk can do to an entry.
var damages = map[string]func(*raft.Log) error{
	"data bit": func(l *raft.Log) error { l.Data[0] ^= 1; return nil },
	"term":     func(l *raft.Log) error { l.Term ^= 1 << 40; return nil },
	"type":     func(l *raft.Log) error { l.Type = raft.LogNoop; return nil },
	"index":    func(l *raft.Log) error { l.Index++; return nil },
	"another": func(l *raft.Log) error {
		*l = *command(4, "a whole entry, misdirected")
		l.Extensions = seal(l)
		return nil
	},
	"seal lost":     func(l *raft.Log) error { l.Extensions = nil; return nil },
	"seal bit":      func(l *raft.Log) error { l.Extensions = []byte{1, 0, 0, 0, 0}; return nil },
	"read error":    func(*raft.Log) error { return errIO },
	"decoder panic": func(l *raft.Log) error { n := -len(l.Data); l.Data = l.Data[n:]; return nil },
}

func fiveEntries(t *testing.T) raft.LogStore {
	t.Helper()
	inner := raft.NewInmemStore()
	v := newVerifiedLog(inner, sumCheck, nil)
	for i := range uint64(5) {
		if err := v.StoreLog(command(i+1, fmt.Sprint("seat ", i))); err != nil {
			t.Fatal(err)
		}
	}
	return inner
}

func TestVerifiedLogBeforeStart(t *testing.T) {
	for name, change := range damages {
		t.Run(name, func(t *testing.T) {
			bad := &flakyLog{fiveEntries(t), 3, change}
			v := newVerifiedLog(bad, sumCheck, func(err error) { t.Errorf("fenced at the start: %v", err) })
			for i := range uint64(5) {
				var l raft.Log
				err := v.GetLog(i+1, &l)
				if i+1 != 3 && err != nil {
					t.Errorf("entry %d: %v", i+1, err)
				}
				if i+1 == 3 && (!errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "entry 3")) {
					t.Errorf("the damaged entry: %v", err)
				}
			}
			if err := v.VerifyAll(context.Background()); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "entry 3") {
				t.Errorf("VerifyAll: %v", err)
			}
		})
	}
}

func TestVerifiedLogAfterStart(t *testing.T) {
	for name, change := range damages {
		t.Run(name, func(t *testing.T) {
			inner := fiveEntries(t)
			var fences []error
			v := newVerifiedLog(&flakyLog{inner, 3, change}, sumCheck, func(err error) { fences = append(fences, err) })
			v.Started()
			for range 2 {
				var l raft.Log
				if err := v.GetLog(3, &l); err != nil {
					t.Fatalf("Raft panics on this: %v", err)
				}
			}
			if len(fences) != 1 || !strings.Contains(fences[0].Error(), "entry 3") {
				t.Fatalf("fences: %v", fences)
			}
			// Raft may now think that a suffix conflicts.
			if err := v.DeleteRange(3, 5); err == nil {
				t.Error("deleted behind the fence")
			}
			if err := v.StoreLog(command(6, "x")); err == nil {
				t.Error("stored behind the fence")
			}
			wantRange(t, inner, 1, 5)
		})
	}
}

func TestVerifiedLogMiss(t *testing.T) {
	v := newVerifiedLog(fiveEntries(t), sumCheck, func(err error) { t.Errorf("fenced: %v", err) })
	v.Started()
	if err := v.GetLog(9, new(raft.Log)); !errors.Is(err, raft.ErrLogNotFound) {
		t.Fatalf("Raft sends a snapshot on ErrLogNotFound alone: %v", err)
	}
}

func TestVerifiedLogStore(t *testing.T) {
	inner := raft.NewInmemStore()
	v := newVerifiedLog(inner, sumCheck, nil)
	bad := command(2, "two")
	bad.Data[0] ^= 4
	if err := v.StoreLogs([]*raft.Log{command(1, "one"), bad}); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "entry 2") {
		t.Fatalf("a bad sum: %v", err)
	}
	moved := command(1, "one")
	moved.Extensions = seal(command(2, "one"))
	if err := v.StoreLog(moved); !errors.Is(err, ErrDamaged) {
		t.Fatalf("another entry's seal: %v", err)
	}
	if last, err := inner.LastIndex(); last != 0 || err != nil {
		t.Fatalf("%d entries got in, %v", last, err)
	}
	conf := &raft.Log{Index: 1, Term: 1, Type: raft.LogConfiguration, Data: []byte("not ours to check")}
	if err := v.StoreLog(conf); err != nil || checkSeal(conf) != nil {
		t.Fatalf("a configuration: %v, seal %x", err, conf.Extensions)
	}
}

func TestVerifyAllTerms(t *testing.T) {
	inner := raft.NewInmemStore()
	v := newVerifiedLog(inner, nil, nil)
	for i, term := range []uint64{1, 3, 2} {
		if err := v.StoreLog(&raft.Log{Index: uint64(i + 1), Term: term, Type: raft.LogNoop}); err != nil {
			t.Fatal(err)
		}
	}
	if err := v.VerifyAll(context.Background()); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "entry 3") {
		t.Fatalf("a term that falls: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := v.VerifyAll(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled: %v", err)
	}
}

type monotonicStore struct{ raft.LogStore }

func (monotonicStore) IsMonotonic() bool { return true }

func TestWrappersForwardMonotonic(t *testing.T) {
	for _, want := range []bool{true, false} {
		inner := raft.LogStore(raft.NewInmemStore())
		if want {
			inner = monotonicStore{inner}
		}
		w := newWatchedLog(newVerifiedLog(inner, nil, nil), 0, nil)
		defer mustClose(t, w)
		if got := isMonotonic(w); got != want {
			t.Errorf("monotonic %v, want %v", got, want)
		}
	}
}

// A gap is a loss in a log without gaps, and Raft's own doing in one with.
func TestVerifyAllGap(t *testing.T) {
	inner := raft.NewInmemStore()
	v := newVerifiedLog(inner, nil, nil)
	for _, i := range []uint64{1, 2, 4} {
		if err := v.StoreLog(&raft.Log{Index: i, Term: 1, Type: raft.LogNoop}); err != nil {
			t.Fatal(err)
		}
	}
	if err := v.VerifyAll(context.Background()); err != nil {
		t.Errorf("with gaps: %v", err)
	}
	v = newVerifiedLog(monotonicStore{inner}, nil, nil)
	if err := v.VerifyAll(context.Background()); !errors.Is(err, ErrDamaged) {
		t.Errorf("without gaps: %v", err)
	}
}

func BenchmarkVerifyEntry(b *testing.B) {
	crc := func(data []byte) error { crc32.Checksum(data, castagnoli); return nil }
	for _, size := range []int{24, 64 << 10, 256 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			l := &raft.Log{Index: 7, Term: 2, Type: raft.LogCommand, Data: make([]byte, size)}
			l.Extensions = seal(l)
			v := newVerifiedLog(nil, crc, nil)
			b.SetBytes(int64(size))
			for b.Loop() {
				if err := v.verify(l); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Two commands of one length, each with its own good checksum, are told apart by their
// seals: a CRC over data that ends in its CRC would be the same for both.
func TestSealTellsEqualLengthsApart(t *testing.T) {
	one := EncodeEntry(1, []Command{{Op: OpExpire, Expire: shard.Expire{Limit: 1}}})
	two := EncodeEntry(1, []Command{{Op: OpExpire, Expire: shard.Expire{Limit: 2}}})
	l := &raft.Log{Index: 7, Term: 3, Type: raft.LogCommand, Data: one}
	l.Extensions = seal(l)
	if err := checkSeal(l); err != nil {
		t.Fatal(err)
	}
	l.Data = two
	if err := CheckEntry(l.Data); err != nil || checkSeal(l) == nil {
		t.Errorf("another entry's data passes: %v", err)
	}
}
