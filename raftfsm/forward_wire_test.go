package raftfsm

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usherhq/usher/shard"
	"github.com/usherhq/usher/waitroom"
)

// sampleResults have every field of a result.
func sampleResults() (all []Result) {
	for _, r := range []shard.Result{
		{},
		{Err: shard.ErrSeatsUnavailable, Event: 3, Now: 77, Version: 9, Conflicts: []shard.Conflict{{Seat: 5, Status: shard.Held}, {Seat: 6, Status: shard.Booked, Undecided: true, Item: 2}}},
		{Err: shard.ErrVersionConflict, Conflicts: []shard.Conflict{{Seat: 1, Version: 4}, {Seat: 2}}},
		{Event: 1, Number: 2, Token: 3, Version: 4, Now: 5, Expires: 6, Count: 7, More: true, Replayed: true, Bundle: shard.BundleBooked,
			Granted: []shard.Granted{{Event: 1, Hold: 2, Token: 3, Version: 4, Seats: []uint32{5, 6}}, {Event: 9}}},
		{Granted: []shard.Granted{}},
		{Now: -1, Expires: -2},
	} {
		all = append(all, Result{Result: r})
	}
	return append(all,
		Result{Result: shard.Result{Now: 9}, Joined: []waitroom.Joined{{Ticket: 7, New: true}, {}, {Ticket: 3}}},
		Result{Joined: slices.Repeat([]waitroom.Joined{{Ticket: 1 << 26, New: true}}, 8)})
}

func TestResultsTravelWhole(t *testing.T) {
	for _, want := range sampleResults() {
		rd := entryReader{buf: appendResult(nil, &want)}
		got := Result{Result: shard.Result{Err: errors.New("old"), Number: 99, Conflicts: make([]shard.Conflict, 3), Granted: make([]shard.Granted, 1)}, Joined: make([]waitroom.Joined, 1)}
		if rd.result(&got); rd.err != nil || len(rd.buf) != 0 {
			t.Errorf("%+v: %v, %d bytes left", want, rd.err, len(rd.buf))
		}
		if len(got.Conflicts) == 0 {
			got.Conflicts = nil
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%+v became %+v", want, got)
		}
	}
}

// TestResultFieldsAllTravel fails when a field is added that the codec does not know.
func TestResultFieldsAllTravel(t *testing.T) {
	for typ, want := range map[reflect.Type]int{reflect.TypeFor[Result](): 2, reflect.TypeFor[shard.Result](): 13, reflect.TypeFor[waitroom.Joined](): 2, reflect.TypeFor[shard.Conflict](): 5, reflect.TypeFor[shard.Granted](): 5} {
		if got := typ.NumField(); got != want {
			t.Errorf("%v has %d fields, result_wire.go knows of %d", typ, got, want)
		}
	}
}

// TestSentinelsHaveNumbers: an error of the domain that has none could not be told to who asked
// through another node.
func TestSentinelsHaveNumbers(t *testing.T) {
	named := map[string]bool{}
	for _, err := range numbered {
		named[err.Error()] = true
	}
	if len(named) != len(numbered) {
		t.Errorf("%d numbers for errors of %d texts", len(numbered), len(named))
	}
	for no, err := range numbered {
		if got := errorNumber(fmt.Errorf("wrapped: %w", err)); got != no {
			t.Errorf("%v is number %d, and is given %d", err, no, got)
		}
	}
	files := []string{"errors.go", "directory.go", "peer/errors.go"}
	for _, pkg := range []string{"shard", "waitroom"} {
		more, err := filepath.Glob("../" + pkg + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, more...)
	}
	found := 0
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		for name, text := range sentinels(t, f) {
			found++
			if !named[text] && name != "ErrBadSnapshot" { // which is no command's answer
				t.Errorf("%s has no number in error_wire.go", name)
			}
		}
	}
	if found < 40 {
		t.Errorf("only %d errors were found", found)
	}
}

// sentinels are the exported errors that a file makes, with their texts.
func sentinels(t *testing.T, path string) map[string]string {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), path, src, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, "Err") {
			return true
		}
		if call, ok := spec.Values[0].(*ast.CallExpr); ok {
			if lit, ok := call.Args[0].(*ast.BasicLit); ok {
				found[spec.Names[0].Name] = strings.Trim(lit.Value, `"`)
			}
		}
		return true
	})
	return found
}

// sampleBatch is a batch of commands of every kind that a shard group is handed.
func sampleBatch() []byte {
	cmds := []Command{
		{Op: OpHold, Hold: shard.Hold{Event: 1, Seats: []uint32{3, 4}, TTL: 60_000, Holder: []byte("ann"), Key: shard.Key{Hash: [16]byte{1}}}},
		{Op: OpHold, Hold: shard.Hold{Event: 1, Seats: []uint32{5}, TTL: 60_000, Holder: []byte("bob")}},
		{Op: OpClaim, Claim: &shard.Claim{Items: []shard.Item{{Event: 1, Best: &shard.Best{Quantity: 2}}}, TTL: 1000, Holder: []byte("cy")}},
		{Op: OpClaim, Claim: &shard.Claim{Items: []shard.Item{{Event: 2, Seats: []uint32{7, 8}}, {Event: 3}}, TTL: 1000}},
		{Op: OpBlock, Block: shard.Block{Event: 1, Seats: []uint32{9}, Reason: []byte("x")}},
		{Op: OpBook, Book: shard.Book{Event: 1, Hold: 2, Token: 3, Payment: []byte("p")}},
		{Op: OpAck, Ack: &shard.Ack{Bundle: 1, Group: 2, State: shard.BundleHeld}},
	}
	return batchOf(1, append(cmds, roomCommands()...))
}

// roomCommands are those of rooms that other nodes hand on.
func roomCommands() []Command {
	return []Command{
		{Op: OpJoin, Join: &waitroom.Join{Room: 1, Entrants: []waitroom.Entrant{{ID: [16]byte{1}, Lane: 2, Nights: 3}, {ID: [16]byte{4}}}}},
		{Op: OpJoin, Join: &waitroom.Join{Room: 2, Entrants: []waitroom.Entrant{{ID: [16]byte{5}}}}},
		{Op: OpHoldMarked, Hold: shard.Hold{Event: 1, Seats: []uint32{3}, TTL: 1000, Holder: []byte("b"), Admitted: true}, Pass: waitroom.Pass{Room: 1, Ticket: 2}},
		{Op: OpClaim, Claim: &shard.Claim{Items: []shard.Item{{Event: 1, Seats: []uint32{2}}}, Admitted: true, TTL: 1000}, Pass: waitroom.Pass{Room: 3, Ticket: 4}},
		{Op: OpHoldMarked, Hold: shard.Hold{Event: 1, Seats: []uint32{4}, TTL: 1000, Lease: true}},
		{Op: OpOpenRoom, OpenRoom: &waitroom.OpenRoom{ID: "event/x", Config: waitroom.Config{Tiers: []waitroom.Tier{{Name: "fans", General: 1, Lane: 2}}}}},
		{Op: OpLeave, Leave: waitroom.Leave{Room: 1, Ticket: 2}},
		{Op: OpEnter, Enter: Enter{Pass: waitroom.Pass{Room: 1, Ticket: 2}, Event: 3}},
		{Op: OpSetRoom, SetRoom: &waitroom.Set{Room: 1, Fields: waitroom.SetState, State: waitroom.Paused, Reason: "a storm"}},
	}
}

func batchOf(group int, cmds []Command) []byte {
	budgets := make([]time.Duration, len(cmds))
	for i := range budgets {
		budgets[i] = time.Duration(i+1) * time.Second
	}
	buf := appendBatch(nil, group, budgets)
	for i := range cmds {
		buf = AppendCommand(buf, &cmds[i])
	}
	return buf
}

func TestBatchReadsBack(t *testing.T) {
	raw := sampleBatch()
	b, err := readBatch(raw)
	if err != nil {
		t.Fatal(err)
	}
	var cmds []Command
	for _, r := range b.requests {
		cmds = append(cmds, r.Cmd)
	}
	if again := batchOf(b.group, cmds); !bytes.Equal(again, raw) {
		t.Errorf("%d commands were read as others", len(cmds))
	}
}

func TestBatchRefuses(t *testing.T) {
	hold := Command{Op: OpHold, Hold: shard.Hold{Event: 1, Seats: []uint32{1}, TTL: 1000}}
	large := hold
	large.Hold.Seats = make([]uint32, shard.MaxSeatsPerHold+1)
	good := batchOf(1, []Command{hold})
	noTime := bytes.Clone(good)
	copy(noTime[batchHeader:], []byte{0, 0, 0, 0})
	many := bytes.Clone(good)
	many[2] = 200
	for name, raw := range map[string][]byte{
		"nothing":                nil,
		"no command":             batchOf(1, nil),
		"more commands than are": many,
		"cut off":                good[:len(good)-1],
		"bytes behind it":        append(bytes.Clone(good), 0),
		"no time left":           noTime,
		"a sweep":                batchOf(1, []Command{{Op: OpExpire, Expire: shard.Expire{Limit: 1}}}),
		"a tick":                 batchOf(1, []Command{{Op: OpTick}}),
		"an admission of many":   batchOf(1, []Command{{Op: OpAdmit, Admit: Admit{Limit: 1}}}),
		"a pass and no word":     batchOf(1, []Command{{Op: OpHoldMarked, Hold: hold.Hold, Pass: waitroom.Pass{Ticket: 1}}}),
		"a join in group 0":      batchOf(0, roomCommands()[:1]),
		"a hold in group 0":      batchOf(0, []Command{hold}),
		"a placement in group 1": batchOf(1, []Command{{Op: OpPlaceEvent}}),
		"a hold beyond bounds":   batchOf(1, []Command{hold, large}),
	} {
		if b, err := readBatch(raw); !errors.Is(err, errBadBatch) {
			t.Errorf("%s: %v, %v", name, b, err)
		}
	}
	if _, err := readBatch(good); err != nil {
		t.Error(err)
	}
}

// FuzzForwardBatch: whatever is read as a batch is one, byte by byte.
func FuzzForwardBatch(f *testing.F) {
	f.Add(sampleBatch())
	f.Add(batchOf(0, []Command{{Op: OpNameChart, Name: NameChart{ChartID: "c"}}, {Op: OpActivateEvent, Activate: ActivateEvent{EventID: "e"}}}))
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := readBatch(raw)
		if err != nil {
			if !errors.Is(err, errBadBatch) {
				t.Fatalf("an untyped error: %v", err)
			}
			return
		}
		again := appendBatch(nil, b.group, b.budgets)
		for _, r := range b.requests {
			if !r.Cmd.fits() || !mayForward(b.group, r.Cmd.Op) {
				t.Fatalf("command %d was let through", r.Cmd.Op)
			}
			again = AppendCommand(again, &r.Cmd)
		}
		if len(again) > len(raw) {
			t.Fatalf("%d bytes were read as %d", len(raw), len(again))
		}
		b.free()
	})
}

// FuzzForwardResult: an answer is read strictly, and written again as it was.
func FuzzForwardResult(f *testing.F) {
	for _, r := range sampleResults() {
		f.Add(appendAnswer(make([]byte, answerHeader), &r, nil))
	}
	f.Add(appendAnswer(make([]byte, answerHeader), nil, &OutcomeError{OutcomeUnknown, ErrNoQuorum}))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) < answerHeader {
			return
		}
		copy(raw[8:], []byte{1, 0, 0, 0})
		var a answerReader
		if err := a.open(raw, 1); err != nil {
			t.Fatal(err)
		}
		var res Result
		told, bad := a.next(&res)
		if bad == nil {
			bad = a.end()
		}
		if bad != nil {
			if !errors.Is(bad, errBadAnswer) {
				t.Fatalf("an untyped error: %v", bad)
			}
			return
		}
		if told != nil {
			return // FuzzPeerError
		}
		if again := appendAnswer(bytes.Clone(raw[:answerHeader]), &res, nil); !bytes.Equal(again, raw) {
			t.Fatalf("%x was read as %+v", raw, res)
		}
	})
}
