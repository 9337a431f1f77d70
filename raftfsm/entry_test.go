package raftfsm

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/usherhq/usher/shard"
	"github.com/usherhq/usher/waitroom"
)

var update = flag.Bool("update", false, "write the golden files anew")

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// everyCommand has one of each, with all fields set.
func everyCommand() []Command {
	key := shard.Key{Hash: [16]byte{1, 2}, Print: [32]byte{3, 4}}
	create := shard.CreateEvent{
		ID: "wembley:2024-08-16:19:30", Chart: [32]byte{5}, Epoch: [16]byte{6}, Secret: [32]byte{7},
		TokenBase: 8, OnsaleAt: 1_700_000_000_000, MaxKeys: 9, Meta: []byte(`{"name":"x"}`),
	}
	ruled := create
	ruled.Plan, ruled.Rules = [32]byte{1}, shard.Rules{PerHolder: 8, Orphans: shard.OrphansAvoid, Gated: true}
	return []Command{
		{Op: OpHold, Hold: shard.Hold{Event: 1, Seats: []uint32{2, 70_000}, TTL: 480_000, Holder: []byte("ada"), Key: key}},
		{Op: OpHold, Hold: shard.Hold{Event: 1, Seats: []uint32{3}, TTL: 1000, Holder: []byte("b")}},
		{Op: OpExtend, Extend: shard.Extend{Event: 1, Hold: 2, Token: 1 << 40, TTL: 60_000, Key: key}},
		{Op: OpRelease, Release: shard.Release{Event: 1, Hold: 2, Token: 3, Declined: true, Key: key}},
		{Op: OpBook, Book: shard.Book{Event: 1, Hold: 2, Token: 3, Amount: 9000, Currency: [3]byte{'E', 'U', 'R'}, Payment: []byte("sandbox:1"), Key: key}},
		{Op: OpCancel, Cancel: shard.Cancel{Event: 1, Booking: 2, Key: key}},
		{Op: OpBlock, Block: shard.Block{Event: 1, Unblock: true, Reason: []byte("camera"), Seats: []uint32{1, 2, 3}, Key: key}},
		{Op: OpExpire, Expire: shard.Expire{Limit: 4096}},
		{Op: OpCreateEvent, Create: create},
		{Op: OpChartChunk, Chunk: shard.ChartChunk{Sum: [32]byte{1}, Blob: [32]byte{2}, Seats: 3, Size: 4, Offset: 1, Data: []byte{5, 6}}},
		{Op: OpTick},
		{Op: OpNameChart, Name: NameChart{ChartID: "wembley", Sum: [32]byte{1}}},
		{Op: OpPlaceEvent, Place: PlaceEvent{Series: "tour", ChartID: "wembley", Create: create}},
		{Op: OpActivateEvent, Activate: ActivateEvent{EventID: create.ID}},
		{Op: OpHoldMarked, Hold: shard.Hold{Event: 1, Seats: []uint32{3}, TTL: 1000, Holder: []byte("b"), Lease: true, Admitted: true, Key: key}},
		{Op: OpClaim, Claim: &shard.Claim{
			Items: []shard.Item{
				{Event: 1, Seats: []uint32{2, shard.AreaCode(0, 3)}, Versions: []uint64{5, 1 << 40}, Since: 6, IfSince: true, Fan: shard.FanSubstitute, Orphans: shard.OrphansForbid, Channel: [16]byte{7}},
				{Event: 2, Best: &shard.Best{Quantity: 4, Category: 1, Section: 2, NearSeat: 3, NearPoint: true, X: 4, Y: 5, Apart: true, AcrossAisle: true, Accessible: 1, Companion: 2}},
			},
			Any: true, Same: true, Lease: true, Admitted: true, TTL: 1000, Holder: []byte("b"), Key: key,
		}},
		{Op: OpClaim, Claim: &shard.Claim{Items: []shard.Item{{Event: 1, Seats: []uint32{2}}}, TTL: 1000, Holder: []byte("b"), Txn: shard.Txn{Home: 3, Bundle: 4}}},
		{Op: OpBegin, Begin: &shard.Begin{Event: 1, Groups: []uint16{2, 3}, Wait: 10_000, Key: key}},
		{Op: OpDecide, Decide: &shard.Decide{Bundle: 1, Commit: true, Late: true, TTL: 1000, Parts: []shard.Part{{Event: 1, Hold: 2}, {Group: 3, Event: 4, Hold: 5, Booking: 6, Amount: 7}}}},
		{Op: OpResolve, Resolve: &shard.Resolve{Txn: shard.Txn{Home: 3, Bundle: 4}, State: shard.BundleBooked, Expired: true, Currency: [3]byte{'E', 'U', 'R'}, Payment: []byte("sandbox:1"), Parts: []shard.Part{{Event: 4, Hold: 5, Amount: 7}}}},
		{Op: OpAck, Ack: &shard.Ack{Bundle: 1, Group: 2, State: shard.BundleHeld}},
		{Op: OpBookParts, Book: shard.Book{Event: 1, Hold: 2, Token: 3, Amount: 9000, Currency: [3]byte{'E', 'U', 'R'}, Payment: []byte("sandbox:1"), Parts: []int64{9000, 1}, Key: key}},
		{Op: OpAllot, Allot: &shard.Allot{Event: 1, Seats: []uint32{1, 2}, Name: []byte("fans"), Hash: [16]byte{1}, Reason: []byte("club"), Key: key}},
		{Op: OpCreateRuled, Create: ruled},
		{Op: OpPlaceRuled, Place: PlaceEvent{Series: "tour", ChartID: "wembley", Create: ruled}},
		{Op: OpChecksum},
		{Op: OpFound, Found: &Found{Cluster: ID128{1}, Voters: 3, Members: []Member{Member{NodeID: "n1", Incarnation: ID128{1}, Addr: "10.0.0.1:7000", API: "http://10.0.0.1:8080", Zone: "a", ReadReplica: true, Version: 2, State: MemberDraining, Urgent: true, Since: 5}, {NodeID: "n2", State: MemberActive}}}},
		{Op: OpPutMember, Member: &PutMember{Member{NodeID: "n1", Incarnation: ID128{1}, Addr: "10.0.0.1:7000", API: "http://10.0.0.1:8080", Zone: "a", ReadReplica: true, Version: 2, State: MemberDraining, Urgent: true, Since: 5}}},
		{Op: OpSetMember, SetState: &SetMember{NodeID: "n1", State: MemberRemoved, Urgent: true}},
		{Op: OpPlaceVoters, Voters: &PlaceVoters{Group: 3, Voters: []string{"n1", "n2"}, Was: []string{"n1"}}},
		{Op: OpRaiseVersion, Version: RaiseVersion{2}},
		{Op: OpOpenRoom, OpenRoom: &waitroom.OpenRoom{
			ID: "series/tour", Event: 1, Secret: [32]byte{2}, Seed: [32]byte{3}, Epoch: [16]byte{4},
			Config: waitroom.Config{
				MaxActive: 5, NewPerMinute: 6, FirstUse: 7, Session: 8, OpensAt: 1_700_000_000_000, Lobby: true, Auto: true,
				Tiers: []waitroom.Tier{{Name: "fans", General: 9, Lane: 10}, {Name: "members", General: 11, Lane: 12}},
			},
		}},
		{Op: OpJoin, Join: &waitroom.Join{Room: 1, Entrants: []waitroom.Entrant{{ID: [16]byte{2, 15: 3}, Lane: 4, Nights: 0x00210005}, {ID: [16]byte{6}}}}},
		{Op: OpLeave, Leave: waitroom.Leave{Room: 1, Ticket: 2}},
		{Op: OpEnter, Enter: Enter{Pass: waitroom.Pass{Room: 1, Ticket: 2}, Event: 3}},
		{Op: OpSetRoom, SetRoom: &waitroom.Set{Room: 1, Fields: 31, MaxActive: 2, NewPerMinute: 3, Pace: 4, State: waitroom.Draining, Reason: "a storm"}},
		{Op: OpAdmit, Admit: Admit{Limit: 4096}},
		{Op: OpHoldMarked, Hold: shard.Hold{Event: 1, Seats: []uint32{3}, TTL: 1000, Holder: []byte("b"), Admitted: true, Key: key}, Pass: waitroom.Pass{Room: 1, Ticket: 2}},
		{Op: OpClaim, Claim: &shard.Claim{Items: []shard.Item{{Event: 1, Seats: []uint32{2}}}, Admitted: true, TTL: 1000, Holder: []byte("b")}, Pass: waitroom.Pass{Ticket: 1}},
	}
}

func entryOf(cmds ...Command) []byte {
	buf := beginEntry(nil)
	for i := range cmds {
		buf = AppendCommand(buf, &cmds[i])
	}
	return endEntry(buf, entryHead{Stamp: 1_700_000_000_123, Origin: 0x1122334455667788, Sequence: 42, Count: uint32(len(cmds))})
}

// TestEntryGolden: the bytes of version 1 never change, and are read as what they were.
func TestEntryGolden(t *testing.T) {
	for i, want := range everyCommand() {
		name := filepath.Join("testdata", fmt.Sprintf("entry_v1_%02d_op%d.hex", i, want.Op))
		made := hex.EncodeToString(entryOf(want)) + "\n"
		if *update {
			if err := os.MkdirAll("testdata", 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(made), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		golden, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if string(golden) != made {
			t.Errorf("command %d is written as\n%sand was\n%s", want.Op, made, golden)
		}
		raw, err := hex.DecodeString(strings.TrimSpace(string(golden)))
		if err != nil {
			t.Fatal(err)
		}
		var r entryReader
		var got Command
		if err := r.open(raw); err != nil || !r.next(&got) || r.next(&Command{}) || r.err != nil {
			t.Fatalf("%s: %v, %v", name, err, r.err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s is read as\n%+v, was\n%+v", name, got, want)
		}
		if r.head != (entryHead{Stamp: 1_700_000_000_123, Origin: 0x1122334455667788, Sequence: 42, Count: 1}) {
			t.Errorf("head is %+v", r.head)
		}
	}
}

// TestEntryFlips: no flipped bit and no missing byte of an entry goes unnoticed.
func TestEntryFlips(t *testing.T) {
	data := entryOf(everyCommand()...)
	for i := range data {
		for bit := range 8 {
			data[i] ^= 1 << bit
			if err := CheckEntry(data); !errors.Is(err, ErrBadEntry) {
				t.Fatalf("byte %d, bit %d: %v", i, bit, err)
			}
			data[i] ^= 1 << bit
		}
		if err := CheckEntry(data[:i]); !errors.Is(err, ErrBadEntry) {
			t.Fatalf("cut off at %d: %v", i, err)
		}
	}
	if err := CheckEntry(data); err != nil {
		t.Fatal(err)
	}
}

// TestLargestEntry: an entry takes any command that fits while it has room for one, and
// stays below its bound.
func TestLargestEntry(t *testing.T) {
	b := newBench(t)
	b.limit = 1 << 20
	var rs []*Request
	for range 8 {
		r := NewRequest()
		r.Cmd = Command{Op: OpBlock, Block: shard.Block{Seats: make([]uint32, shard.MaxBlockSeats), Reason: make([]byte, shard.MaxReasonLen), Key: shard.Key{Hash: [16]byte{1}}}}
		if !r.Cmd.fits() || len(AppendCommand(nil, &r.Cmd)) > maxCommand {
			t.Fatalf("a command of %d bytes", len(AppendCommand(nil, &r.Cmd)))
		}
		rs = append(rs, r)
	}
	e := b.fly(rs...)
	if len(e.data) > MaxEntry || len(e.requests) != 2 || len(b.pending) != 6 {
		t.Errorf("%d bytes, %d commands, %d pending", len(e.data), len(e.requests), len(b.pending))
	}
}

// FuzzEntry: whatever the bytes are, reading them ends; what is read and written again
// is read as the same.
func FuzzEntry(f *testing.F) {
	for _, c := range everyCommand() {
		f.Add(entryOf(c))
	}
	f.Add(entryOf(everyCommand()...))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) >= entryHeader+entryTrailer { // the checksum is no obstacle
			data = le32(bytes.Clone(data[:len(data)-entryTrailer]), checksum(data[:len(data)-entryTrailer]))
		}
		var r entryReader
		if r.open(data) != nil {
			return
		}
		for c := (Command{}); r.next(&c); c = (Command{}) {
			if !c.fits() {
				continue // the state machine refuses it
			}
			var again entryReader
			var got Command
			if err := again.open(entryOf(c)); err != nil || !again.next(&got) {
				t.Fatalf("%+v cannot be read again: %v, %v", c, err, again.err)
			}
			if !bytes.Equal(entryOf(got), entryOf(c)) {
				t.Fatalf("command %d: %x became %x", c.Op, entryOf(c), entryOf(got))
			}
		}
	})
}

// fullDirectory has charts (one of several chunks, one not complete), names and events.
func fullDirectory(t testing.TB, large int) *directoryMachine {
	m := &directoryMachine{newDirectory(4)}
	do := func(c Command) Result {
		t.Helper()
		var out Result
		if !m.apply(m.advance(m.now()+1000), &c, &out) || out.Err != nil {
			t.Fatalf("command %d: %v", c.Op, out.Err)
		}
		return out
	}
	for i, size := range []int{10, large, 20} {
		data := bytes.Repeat([]byte{byte(i + 1)}, size)
		sum := [32]byte{byte(i + 1)}
		for off := 0; off < size; off += chunkBytes {
			stop := min(off+chunkBytes, size)
			if i == 2 {
				stop = 7
			}
			do(Command{Op: OpChartChunk, Chunk: shard.ChartChunk{Sum: sum, Blob: sha256.Sum256(data), Seats: 5, Size: uint32(size), Offset: uint32(off), Data: data[off:stop]}})
		}
	}
	for _, n := range []byte{1, 2, 1} {
		do(Command{Op: OpNameChart, Name: NameChart{ChartID: "hall", Sum: [32]byte{n}}})
	}
	for i := range 9 {
		series := ""
		if i%3 == 0 {
			series = "tour"
		}
		id := fmt.Sprintf("hall:2026-01-%02d", i+1)
		do(Command{Op: OpPlaceEvent, Place: PlaceEvent{Series: series, ChartID: "hall", Create: shard.CreateEvent{ID: id, Chart: [32]byte{1}, Meta: []byte(id)}}})
		if i%2 == 0 {
			do(Command{Op: OpActivateEvent, Activate: ActivateEvent{EventID: id}})
		}
	}
	do(Command{Op: OpFound, Found: &Found{Cluster: ID128{1}, Voters: 3, Members: []Member{{NodeID: "n1", Addr: "a:1", Version: 2}, {NodeID: "n2", Zone: "z", Version: 2}, {NodeID: "n3", ReadReplica: true, Version: 3}}}})
	do(Command{Op: OpPutMember, Member: &PutMember{Member{NodeID: "n4", Incarnation: ID128{4}, API: "http://b", Version: 2}}})
	do(Command{Op: OpPlaceVoters, Voters: &PlaceVoters{Group: 2, Voters: []string{"n1", "n2", "n4"}, Was: m.dir.Voters(2)}})
	do(Command{Op: OpSetMember, SetState: &SetMember{NodeID: "n2", State: MemberRemoved}})
	do(Command{Op: OpSetMember, SetState: &SetMember{NodeID: "n1", State: MemberDraining, Urgent: true}})
	do(Command{Op: OpRaiseVersion, Version: RaiseVersion{2}})
	return m
}

func directoryBytes(t testing.TB, m *directoryMachine) []byte {
	t.Helper()
	var b bytes.Buffer
	if n, err := m.freeze().WriteTo(&b); err != nil || n != int64(b.Len()) {
		t.Fatalf("%d of %d bytes, %v", n, b.Len(), err)
	}
	return b.Bytes()
}

func TestDirectorySnapshot(t *testing.T) {
	m := fullDirectory(t, 3*chunkBytes/2)
	if err := m.check(); err != nil {
		t.Fatal(err)
	}
	raw := directoryBytes(t, m)
	frozen := m.freeze()
	back := &directoryMachine{newDirectory(4)}
	if err := back.restore(bytes.NewReader(raw)); err != nil {
		t.Fatal(err)
	}
	if back.digest() != m.digest() || !bytes.Equal(directoryBytes(t, back), raw) {
		t.Error("what was restored is another directory")
	}
	if p := back.dir.Placement("hall:2026-01-04"); p == nil || p.Active || p.Group != m.dir.Placement("hall:2026-01-01").Group || string(p.Create.Meta) != p.Create.ID {
		t.Errorf("%+v", p)
	}
	// What is frozen stays, whatever happens to the directory.
	var out Result
	m.apply(m.now(), &Command{Op: OpActivateEvent, Activate: ActivateEvent{EventID: "hall:2026-01-02"}}, &out)
	m.apply(m.now(), &Command{Op: OpNameChart, Name: NameChart{ChartID: "hall", Sum: [32]byte{2}}}, &out)
	var b bytes.Buffer
	if _, err := frozen.WriteTo(&b); err != nil || !bytes.Equal(b.Bytes(), raw) {
		t.Error("a frozen directory changed")
	}
	if err := (&directoryMachine{newDirectory(5)}).restore(bytes.NewReader(raw)); !errors.Is(err, shard.ErrBadSnapshot) {
		t.Errorf("into another number of groups: %v", err)
	}
	if err := back.restore(bytes.NewReader(append(bytes.Clone(raw), 0))); !errors.Is(err, shard.ErrBadSnapshot) {
		t.Errorf("with a byte behind it: %v", err)
	}
}

// TestDirectorySnapshotDamage: every flipped byte and every cut is an error, and leaves
// what was there.
func TestDirectorySnapshotDamage(t *testing.T) {
	t.Parallel()
	raw := directoryBytes(t, fullDirectory(t, 30))
	m := &directoryMachine{newDirectory(4)}
	empty := m.digest()
	for i := range raw {
		for _, flip := range []byte{1, 0x80, 0xff} {
			raw[i] ^= flip
			if err := m.restore(bytes.NewReader(raw)); !errors.Is(err, shard.ErrBadSnapshot) {
				t.Fatalf("byte %d flipped by %x: %v", i, flip, err)
			}
			raw[i] ^= flip
		}
		if err := m.restore(bytes.NewReader(raw[:i])); !errors.Is(err, shard.ErrBadSnapshot) {
			t.Fatalf("cut off at %d: %v", i, err)
		}
	}
	if m.digest() != empty {
		t.Error("a refused snapshot left something")
	}
}

func FuzzDirectorySnapshot(f *testing.F) {
	m := &directoryMachine{newDirectory(4)}
	f.Add(directoryBytes(f, m))
	f.Add(directoryBytes(f, fullDirectory(f, 30)))
	f.Fuzz(func(t *testing.T, data []byte) {
		m := &directoryMachine{newDirectory(4)}
		if m.restore(bytes.NewReader(data)) == nil {
			if err := m.check(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestJoinsAreRead into one room, entry by entry, and whole into rooms of their own.
func TestJoinsAreRead(t *testing.T) {
	full := Command{Op: OpJoin, Join: &waitroom.Join{Room: 1, Entrants: make([]waitroom.Entrant, MaxJoin)}}
	for i := range full.Join.Entrants {
		full.Join.Entrants[i] = waitroom.Entrant{ID: [16]byte{byte(i), byte(i >> 8)}, Lane: byte(i % 5), Nights: waitroom.Nights(i)}
	}
	small := joinOf(1, 2)
	raw := entryOf(full, small, full)
	if n := len(AppendCommand(nil, &full)); n > maxCommand || !full.fits() {
		t.Errorf("the largest join has %d bytes", n)
	}
	var r entryReader
	var c Command
	read := func() {
		if err := r.open(raw); err != nil {
			t.Fatal(err)
		}
		for r.next(&c) {
		}
		if r.err != nil || !reflect.DeepEqual(c.Join, full.Join) {
			t.Fatalf("%v; %d entrants", r.err, len(c.Join.Entrants))
		}
	}
	read()
	if n := testing.AllocsPerRun(10, func() {
		if err := r.open(raw); err != nil {
			t.Fatal(err)
		}
		for r.next(&c) {
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
	_, cmds, err := DecodeEntry(raw)
	if err != nil || !reflect.DeepEqual(cmds, []Command{full, small, full}) {
		t.Errorf("%v: %d commands were read as others", err, len(cmds))
	}
	over := entryOf(full)
	over[entryHeader+5]++ // a count of 4,097
	if _, _, err := DecodeEntry(le32(over[:len(over)-entryTrailer], checksum(over[:len(over)-entryTrailer]))); !errors.Is(err, ErrBadEntry) {
		t.Errorf("too many entrants: %v", err)
	}
}

// TestPassIsOneCommands: the room that commands are read into is used again, and an admission
// is not left in it.
func TestPassIsOneCommands(t *testing.T) {
	hold, claim := passedHold(1, 0, 2), passedClaim(2, shard.Item{Seats: []uint32{3}})
	bare := Command{Op: OpHoldMarked, Hold: hold.Hold}
	var r entryReader
	var c Command
	if err := r.open(entryOf(hold, bare, claim, Command{Op: OpTick})); err != nil {
		t.Fatal(err)
	}
	for i, want := range []uint32{1, 0, 2, 0} {
		if !r.next(&c) || c.Pass.Ticket != want {
			t.Errorf("command %d has the admission %+v, want ticket %d; %v", i, c.Pass, want, r.err)
		}
	}
	for _, bad := range [][]byte{
		AppendCommand(putPass(nil, waitroom.Pass{Ticket: 1}), &hold),                         // twice
		append([]byte{byte(OpPassed), 0, 0, 0, 0, 0, 0, 0, 0}, AppendCommand(nil, &bare)...), // of zeros
		AppendCommand(putPass(nil, waitroom.Pass{Ticket: 1}), &Command{Op: OpTick}),
		AppendCommand(putPass(nil, waitroom.Pass{Ticket: 1}), &Command{Op: OpHold}),
	} {
		raw := endEntry(append(beginEntry(nil), bad...), entryHead{Count: 1})
		if _, _, err := DecodeEntry(raw); !errors.Is(err, ErrBadEntry) {
			t.Errorf("%x: %v", bad, err)
		}
	}
	q := NewRequest()
	q.Cmd = hold
	q.Free()
	if q.Cmd.Pass != (waitroom.Pass{}) {
		t.Error("a request that was given back keeps its admission")
	}
}
