package shard

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/usherhq/usher/shard/frame"
)

// bundled is a snapshot with the frames and fields of versions 2 and 3, and little else.
func bundled(tb testing.TB) []byte {
	w := theatre(tb, Rules{PerHolder: 9}, 2, "......")
	w.ok(w.allot("fans", fans, 5))
	w.ok(w.claim(items(night(0, 0), night(1, 0, AreaCode(0, 2)))))
	w.ok(w.claim(items(night(1, 1), night(0, 1))))
	var out Result
	w.s.Book(w.now, &Book{Event: 1, Hold: 2}, &out)
	w.ok(out)
	guest := items(night(0, 2))
	guest.Txn = Txn{Home: 3, Bundle: 1}
	w.ok(w.claim(guest))
	w.s.Begin(w.now, &Begin{Groups: []uint16{2}, Wait: 1_000, Key: key(1, 1)}, &out)
	w.ok(out)
	w.restoredAt(1, 1)
	return snapshotOf(tb, w.s)
}

// lastFrame is the index of the last frame of a kind.
func lastFrame(fs []snapFrame, k frame.Kind) int {
	for i := len(fs) - 1; i >= 0; i-- {
		if fs[i].kind == k {
			return i
		}
	}
	return -1
}

// bundleAt is where record n (from 0 on) begins in the frame of bundles, each of which
// has so many parts and groups that wait.
func bundleAt(n int, parts, pending []int) int {
	at := 8
	for i := range n {
		at += 79 + 22*parts[i] + 2*pending[i]
	}
	return at
}

// What a snapshot says of bundles may be a lie that no checksum tells of: it is refused,
// and costs neither a panic nor memory.
func TestForgedBundlesAreRefused(t *testing.T) {
	good := bundled(t)
	parts, pending := []int{2, 2, 1, 0}, []int{0, 0, 0, 1}
	part := func(n, k int) int { return bundleAt(n, parts, pending) + 75 + 22*k }
	put32 := func(b []byte, at int, v uint32) { binary.LittleEndian.PutUint32(b[at:], v) }
	for name, change := range map[string]func(count, recs []byte){
		"more than there can be":    func(count, _ []byte) { put32(count, 0, ^uint32(0)) },
		"fewer than there are":      func(count, _ []byte) { put32(count, 0, 3) },
		"none":                      func(count, _ []byte) { put32(count, 0, 0) },
		"a page that wraps around":  func(_, recs []byte) { put32(recs, 0, 1<<26) },
		"in no state":               func(_, recs []byte) { recs[8] = 9 },
		"in another state":          func(_, recs []byte) { recs[8] = byte(BundleEnded) },
		"of no such group":          func(_, recs []byte) { recs[9] = MaxGroups + 1 },
		"led by another group":      func(_, recs []byte) { recs[part(0, 0)] = 5; put32(recs, part(0, 0)+2, 1<<30) },
		"of no such event":          func(_, recs []byte) { put32(recs, part(0, 1)+2, 77) },
		"of no such hold":           func(_, recs []byte) { put32(recs, part(0, 1)+6, 77) },
		"the same hold twice":       func(_, recs []byte) { copy(recs[part(0, 1):part(0, 1)+22], recs[part(0, 0):part(0, 0)+22]) },
		"of no such booking":        func(_, recs []byte) { put32(recs, part(1, 0)+10, 77) },
		"a guest's of other groups": func(_, recs []byte) { recs[part(2, 0)] = 4 },
	} {
		t.Run(name, func(t *testing.T) {
			fs := splitFrames(t, good)
			at := lastFrame(fs, frameBundles)
			change(fs[at-1].body, fs[at].body)
			if s, err := Restore(bytes.NewReader(forge(fs))); !errors.Is(err, ErrBadSnapshot) || s != nil {
				t.Fatalf("accepted, or another error: %v", err)
			}
		})
	}
}

// Every bit of what versions 2 and 3 added flipped, with checksums and digest made to fit, as
// in TestForgedBits.
func TestForgedBitsOfBundlesAndRules(t *testing.T) {
	good := bundled(t)
	accepted := 0
	for i, f := range splitFrames(t, good) {
		if f.kind != frameBundles && f.kind != frameEvent && f.kind != frameHolds {
			continue
		}
		for at := range f.body {
			if f.kind == frameBundles && len(f.body) == 4 && at > 1 {
				continue // millions of bundles that are not there cost what they say
			}
			for bit := range 8 {
				fs := splitFrames(t, good)
				fs[i].body[at] ^= 1 << bit
				if soundOrRefused(t, forge(fs)) {
					accepted++
				}
			}
		}
	}
	t.Logf("%d accepted: names, keys, times and prices that nothing contradicts", accepted)
}
