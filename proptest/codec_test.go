package proptest

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/shard"
)

// commandOf is an Op as the log has it.
func commandOf(op Op) raftfsm.Command {
	switch c := op.(type) {
	case *shard.Hold:
		return raftfsm.Command{Op: raftfsm.HoldOp(c), Hold: *c}
	case *shard.Extend:
		return raftfsm.Command{Op: raftfsm.OpExtend, Extend: *c}
	case *shard.Release:
		return raftfsm.Command{Op: raftfsm.OpRelease, Release: *c}
	case *shard.Book:
		return raftfsm.Command{Op: raftfsm.BookOp(c), Book: *c}
	case *shard.Cancel:
		return raftfsm.Command{Op: raftfsm.OpCancel, Cancel: *c}
	case *shard.Block:
		return raftfsm.Command{Op: raftfsm.OpBlock, Block: *c}
	case *shard.Expire:
		return raftfsm.Command{Op: raftfsm.OpExpire, Expire: *c}
	case *shard.CreateEvent:
		return raftfsm.Command{Op: raftfsm.CreateOp(c), Create: *c}
	case *shard.ChartChunk:
		return raftfsm.Command{Op: raftfsm.OpChartChunk, Chunk: *c}
	case *shard.Claim:
		return raftfsm.Command{Op: raftfsm.OpClaim, Claim: c}
	case *shard.Allot:
		return raftfsm.Command{Op: raftfsm.OpAllot, Allot: c}
	case *shard.Begin:
		return raftfsm.Command{Op: raftfsm.OpBegin, Begin: c}
	case *shard.Decide:
		return raftfsm.Command{Op: raftfsm.OpDecide, Decide: c}
	case *shard.Resolve:
		return raftfsm.Command{Op: raftfsm.OpResolve, Resolve: c}
	case *shard.Ack:
		return raftfsm.Command{Op: raftfsm.OpAck, Ack: c}
	}
	panic(fmt.Sprintf("proptest: no such command: %T", op))
}

// fit tells whether a command can be written at all: longer strings and times beyond 32
// bits are for whoever makes commands to refuse.
func fit(op Op) bool {
	switch c := op.(type) {
	case *shard.Hold:
		return len(c.Holder) <= 255 && c.TTL >= 0 && c.TTL < 1<<32 && len(c.Seats) < 1<<16
	case *shard.Claim:
		return len(c.Holder) <= 255 && c.TTL >= 0 && c.TTL < 1<<32 && !slices.ContainsFunc(c.Items, func(it shard.Item) bool {
			return it.Versions != nil && len(it.Versions) != len(it.Seats)
		})
	case *shard.Resolve:
		return len(c.Payment) <= 255
	case *shard.Allot:
		return len(c.Reason) <= 255
	case *shard.Book:
		return len(c.Payment) <= 255
	case *shard.Block:
		return len(c.Reason) <= 255 && len(c.Seats) < 1<<16
	case *shard.CreateEvent:
		return len(c.ID) <= 255
	}
	return true
}

// commands are a batch from the generators of the state machine's proof, with those of
// the directory among them.
func commands(d Dice, x *Run) (cmds []raftfsm.Command) {
	makers := []func() Op{x.hold, x.extend, x.release, x.book, x.cancel, x.block, x.expire, x.create, x.illegal, x.claim, x.claim, x.allot,
		x.begin, x.decide, x.resolve, x.ack}
	for range d.Roll(8) {
		switch d.Roll(12) {
		case 0:
			cmds = append(cmds, raftfsm.Command{Op: raftfsm.OpTick})
		case 1:
			cmds = append(cmds, raftfsm.Command{Op: raftfsm.OpNameChart, Name: raftfsm.NameChart{ChartID: "bowl", Sum: [32]byte{byte(d.Roll(9))}}})
		case 2:
			p := raftfsm.PlaceEvent{Series: "tour"[:d.Roll(5)], ChartID: "bowl", Create: *x.create().(*shard.CreateEvent)}
			cmds = append(cmds, raftfsm.Command{Op: raftfsm.PlaceOp(&p), Place: p})
		case 3:
			cmds = append(cmds, raftfsm.Command{Op: raftfsm.OpActivateEvent, Activate: raftfsm.ActivateEvent{EventID: "v:2026-01-01"}})
		case 4:
			k := shard.ChartChunk{Sum: [32]byte{1}, Blob: [32]byte{2}, Seats: 7, Size: 99, Offset: uint32(d.Roll(99)), Data: []byte("chart")[:d.Roll(6)]}
			cmds = append(cmds, raftfsm.Command{Op: raftfsm.OpChartChunk, Chunk: k})
		default:
			if op := makers[d.Roll(len(makers))](); fit(op) {
				cmds = append(cmds, commandOf(op))
			}
		}
	}
	return cmds
}

// same compares batches; an empty slice is as good as none.
func same(a, b []raftfsm.Command) bool { return spelt(a) == spelt(b) }

// spelt writes a batch out, with what its pointers point to.
func spelt(cmds []raftfsm.Command) string {
	var b strings.Builder
	for _, c := range cmds {
		for _, p := range []any{c.Begin, c.Decide, c.Resolve, c.Ack, c.Allot} {
			fmt.Fprintf(&b, "%+v\n", p)
		}
		if c.Claim != nil {
			claim := *c.Claim
			claim.Items = slices.Clone(claim.Items)
			for i := range claim.Items {
				fmt.Fprintf(&b, "%+v\n", claim.Items[i].Best)
				claim.Items[i].Best = nil
			}
			fmt.Fprintf(&b, "%+v\n", claim)
		}
		c.Claim, c.Begin, c.Decide, c.Resolve, c.Ack, c.Allot = nil, nil, nil, nil, nil, nil
		fmt.Fprintf(&b, "%+v\n", c)
	}
	return b.String()
}

func TestEntryRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x, err := NewRun(rolls{t}, NewReal(), nil)
		for i := 0; err == nil && i < 5; i++ {
			err = x.Do(x.hold())
		}
		if err != nil {
			t.Fatal(err)
		}
		cmds := commands(x.Dice, x)
		stamp := int64(x.Roll(1<<30)) << x.Roll(32)
		data := raftfsm.EncodeEntry(stamp, cmds)
		gotStamp, got, err := raftfsm.DecodeEntry(data)
		if err != nil || gotStamp != stamp || !same(got, cmds) {
			t.Fatalf("%d %s\nreads as %d %s, %v", stamp, spelt(cmds), gotStamp, spelt(got), err)
		}
		if len(data) > 0 {
			spoilt := bytes.Clone(data)
			spoilt[x.Roll(len(data))] ^= byte(1 + x.Roll(255))
			wantBadEntry(t, spoilt)
			wantBadEntry(t, data[:x.Roll(len(data))])
		}
	})
}

func wantBadEntry(t rapid.TB, data []byte) {
	t.Helper()
	if _, cmds, err := raftfsm.DecodeEntry(data); !errors.Is(err, raftfsm.ErrBadEntry) || cmds != nil {
		t.Fatalf("a damaged entry reads as %+v, %v", cmds, err)
	}
}

func resum(data []byte) []byte {
	body := data[:len(data)-4]
	return binary.LittleEndian.AppendUint32(bytes.Clone(body), crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
}

// onlyOneReading wants bytes that are read to be the bytes that this batch is written as:
// then no two batches look alike, and none can be read as another.
func onlyOneReading(t *testing.T, data []byte) {
	t.Helper()
	stamp, cmds, err := raftfsm.DecodeEntry(data)
	if err != nil {
		if !errors.Is(err, raftfsm.ErrBadEntry) {
			t.Fatalf("another error: %v", err)
		}
		return
	}
	again := raftfsm.EncodeEntry(stamp, cmds)
	copy(again[10:26], data[10:26]) // origin and sequence
	if again = resum(again); !bytes.Equal(again, data) {
		t.Fatalf("%x\nreads as %+v, which is written\n%x", data, cmds, again)
	}
}

// FuzzEntry: bytes that are no entry never panic, and never pass for one. The fuzzer's
// edits are given a checksum that fits, or none would get past it.
func FuzzEntry(f *testing.F) {
	for _, g := range goldenEntries() {
		f.Add(g.data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		onlyOneReading(t, data)
		if len(data) >= 4 {
			onlyOneReading(t, resum(data))
		}
	})
}

// Every bit of every golden entry, with and without a checksum that fits.
func TestEntryBits(t *testing.T) {
	for _, g := range goldenEntries() {
		for at := range g.data {
			for bit := range 8 {
				spoilt := bytes.Clone(g.data)
				spoilt[at] ^= 1 << bit
				wantBadEntry(t, spoilt)
				onlyOneReading(t, resum(spoilt))
			}
		}
		for n := range g.data {
			wantBadEntry(t, g.data[:n])
			if n >= 4 {
				onlyOneReading(t, resum(g.data[:n]))
			}
		}
	}
}

const goldenFile = "testdata/entry_v1.golden"

var update = flag.Bool("update", false, "write "+goldenFile+" anew; an entry that changes breaks every log there is")

type golden struct {
	name string
	data []byte
	cmds []raftfsm.Command
}

// goldenEntries are one entry of each command, and one of all of them.
func goldenEntries() (all []golden) {
	key := shard.Key{Hash: [16]byte{1, 2, 3}, Print: [32]byte{4, 5, 6}}
	create := shard.CreateEvent{
		ID: "wembley:2024-08-16:19:30", Chart: [32]byte{1}, Epoch: [16]byte{2}, Secret: [32]byte{3},
		TokenBase: 1 << 40, OnsaleAt: 1_700_000_000_000, MaxKeys: 99, Meta: []byte(`{"name":"Final"}`),
	}
	ops := []Op{
		&shard.Hold{Event: 1, Seats: []uint32{2, 3, 70_000}, TTL: 480_000, Holder: []byte("ann"), Key: key},
		&shard.Hold{Event: 1, Seats: []uint32{2}, TTL: 480_000, Holder: []byte("bob")},
		&shard.Extend{Event: 1, Hold: 2, Token: 3, TTL: 4_000, Key: key},
		&shard.Release{Event: 1, Hold: 2, Token: 3, Key: key},
		&shard.Release{Event: 1, Hold: 2, Token: 3, Declined: true},
		&shard.Book{Event: 1, Hold: 2, Token: 3, Amount: 12_50, Currency: [3]byte{'E', 'U', 'R'}, Payment: []byte("pay_1"), Key: key},
		&shard.Cancel{Event: 1, Booking: 2, Key: key},
		&shard.Block{Event: 1, Seats: []uint32{5, 6}, Reason: []byte("camera"), Key: key},
		&shard.Block{Event: 1, Seats: []uint32{5, 6}, Unblock: true},
		&shard.Expire{Limit: 1_000}, &create,
		&shard.ChartChunk{Sum: [32]byte{1}, Blob: [32]byte{2}, Seats: 3, Size: 9, Offset: 4, Data: []byte("chart")},
	}
	var cmds []raftfsm.Command
	for _, op := range ops {
		cmds = append(cmds, commandOf(op))
	}
	cmds = append(cmds,
		raftfsm.Command{Op: raftfsm.OpTick},
		raftfsm.Command{Op: raftfsm.OpNameChart, Name: raftfsm.NameChart{ChartID: "bowl", Sum: [32]byte{1}}},
		raftfsm.Command{Op: raftfsm.OpPlaceEvent, Place: raftfsm.PlaceEvent{Series: "tour", ChartID: "bowl", Create: create}},
		raftfsm.Command{Op: raftfsm.OpActivateEvent, Activate: raftfsm.ActivateEvent{EventID: create.ID}})
	for i, c := range cmds {
		all = append(all, goldenOf(fmt.Sprintf("op%d_%d", c.Op, i), []raftfsm.Command{c}))
	}
	return append(all, goldenOf("none", nil), goldenOf("all", cmds))
}

func goldenOf(name string, cmds []raftfsm.Command) golden {
	return golden{name, raftfsm.EncodeEntry(1_700_000_000_000, cmds), cmds}
}

// TestGoldenEntries reads what version 1 wrote. These bytes are in people's logs: a
// change here is a new version beside the old one, never an update of the file.
func TestGoldenEntries(t *testing.T) {
	var lines strings.Builder
	for _, g := range goldenEntries() {
		fmt.Fprintf(&lines, "%s %s\n", g.name, hex.EncodeToString(g.data))
	}
	if *update {
		if err := os.WriteFile(goldenFile, []byte(lines.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	if lines.String() != string(want) {
		t.Errorf("entries are not written as version 1 was:\n%s", lines.String())
	}
	written := strings.Fields(string(want))
	for i, g := range goldenEntries() {
		data, err := hex.DecodeString(written[2*i+1])
		if err != nil {
			t.Fatal(err)
		}
		if _, cmds, err := raftfsm.DecodeEntry(data); err != nil || !same(cmds, g.cmds) {
			t.Errorf("%s reads as %+v, %v", g.name, cmds, err)
		}
	}
}
