package waitroom

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"testing"
)

var otherDigest = regexp.MustCompile(`the digest is [0-9a-f]{16}, recomputed ([0-9a-f]{16})`)

// forge gives frames the digest that Restore finds in them.
func forge(b []byte) []byte {
	_, err := Restore(bytes.NewReader(b), newStock())
	found := otherDigest.FindStringSubmatch(fmt.Sprint(err))
	if found == nil {
		return b
	}
	var sum uint64
	if _, err := fmt.Sscanf(found[1], "%x", &sum); err != nil {
		panic(err)
	}
	fs := framesOf(b)
	fs[len(fs)-1].body = binary.LittleEndian.AppendUint64(nil, sum)
	return joinFrames(fs)
}

// survives wants a snapshot to be refused, or rooms that pass Check, are written again byte by
// byte, and go on through all that may happen to rooms.
func survives(t *testing.T, b []byte) {
	t.Helper()
	inv := newStock()
	rs, err := Restore(bytes.NewReader(b), inv)
	if (err == nil) != (rs != nil) || err != nil && !errors.Is(err, ErrBadSnapshot) {
		t.Fatalf("%v and %v", rs, err)
	}
	if err != nil {
		return
	}
	if err := rs.Check(); err != nil {
		t.Fatalf("accepted, but %v", err)
	}
	if again := freeze(t, rs); !bytes.Equal(again, b[:min(len(again), len(b))]) {
		t.Fatal("accepted, but written otherwise")
	}
	use(t, rs)
}

func use(t *testing.T, rs *Rooms) {
	t.Helper()
	check := func(what string) {
		if err := rs.Check(); err != nil {
			t.Fatalf("accepted, but after %s: %v", what, err)
		}
	}
	now := int64(20)
	for no := range uint32(min(rs.Len(), 5)) {
		r := rs.Room(no)
		_ = r.Info(now)
		for n := uint32(1); n <= min(r.tickets, 50); n++ {
			r.Ticket(n)
		}
		_ = rs.Leave(now, &Leave{no, 1})
		check("a leave")
		if _, err := rs.Join(now, &Join{no, []Entrant{{ID: ident(99)}}}); err != nil && !errors.Is(err, ErrRoomFull) {
			t.Fatal(err)
		}
		check("a join")
	}
	for range 20 {
		rs.Due(now)
		rs.Step(now, 50)
		check("a step")
		now += 30
	}
	rs.Due(now + 1e9)
	rs.Step(now+1e9, 50)
	check("a late step")
}

// FuzzRestore: damaged bytes never panic, and never pass for rooms. The fuzzer's edits are
// given checksums and a digest that fit, or it would never get past them.
func FuzzRestore(f *testing.F) {
	f.Add(small(f))
	f.Add(freeze(f, New(newStock())))
	for seed := range uint64(3) {
		f.Add(freeze(f, walk(f, seed, 60)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		survives(t, b)
		fs := framesOf(b)
		if len(fs) > 0 && fs[len(fs)-1].kind == byte(frameTrailer) {
			survives(t, forge(joinFrames(fs)))
		}
	})
}
