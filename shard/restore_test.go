package shard

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"
)

// forged are snapshots whose checksums and digest are right, and whose content no run
// of this program can have written.
var forged = map[string]func(fs []snapFrame) []snapFrame{
	"no events counted":    func(fs []snapFrame) []snapFrame { fs[0].body[22] = 0; return fs },
	"a later version":      func(fs []snapFrame) []snapFrame { fs[0].body[8]++; return fs },
	"another kind of file": func(fs []snapFrame) []snapFrame { fs[0].body[0] = 'X'; return fs },
	"the event twice": func(fs []snapFrame) []snapFrame {
		fs[0].body[22] = 2
		return append(append(fs[:7:7], fs[2:7]...), fs[7])
	},
	"the event's chart is missing": func(fs []snapFrame) []snapFrame { fs[0].body[18] = 0; return append(fs[:1:1], fs[2:]...) },
	"a chart of other bytes":       func(fs []snapFrame) []snapFrame { fs[1].body[80] ^= 1; return fs },
	"a chart of more seats":        func(fs []snapFrame) []snapFrame { fs[1].body[64]++; return fs },
	"holds before seats":           func(fs []snapFrame) []snapFrame { fs[3], fs[4] = fs[4], fs[3]; return fs },
	"keys before bookings":         func(fs []snapFrame) []snapFrame { fs[5], fs[6] = fs[6], fs[5]; return fs },
	"seats twice":                  func(fs []snapFrame) []snapFrame { return append(fs[:4:4], fs[3:]...) },
	"a page of seats that says nothing": func(fs []snapFrame) []snapFrame {
		clear(fs[3].body)
		return fs
	},
	"a page of seats beyond the event": func(fs []snapFrame) []snapFrame { fs[3].body[0] = 1; return fs },
	"a seat held by nobody":            func(fs []snapFrame) []snapFrame { fs[3].body[4] &^= 3 << 4; return fs },
	"a seat beyond the event":          func(fs []snapFrame) []snapFrame { fs[3].body[4+64+4*5] = 1; return fs },
	"holds from the middle of a page":  func(fs []snapFrame) []snapFrame { fs[4].body[0] = 2; return fs },
	"holds in no state":                func(fs []snapFrame) []snapFrame { fs[4].body[16] = 0; return fs },
	"a hold of another seat":           func(fs []snapFrame) []snapFrame { fs[4].body[16+17+4] = 3; return fs },
	"a page's last end":                func(fs []snapFrame) []snapFrame { fs[4].body[8]++; return fs },
	"a booking in no state":            func(fs []snapFrame) []snapFrame { fs[5].body[8] = 3; return fs },
	"a booking cancelled, seats kept":  func(fs []snapFrame) []snapFrame { fs[5].body[8] = 2; return fs },
	"a booking of another hold":        func(fs []snapFrame) []snapFrame { fs[5].body[9] = 2; return fs },
	"a frame of no kind":               func(fs []snapFrame) []snapFrame { fs[5].kind = 9; return fs },
	"too much in a frame":              func(fs []snapFrame) []snapFrame { fs[5].body = append(fs[5].body, 0); return fs },
	"no holds":                         func(fs []snapFrame) []snapFrame { return append(fs[:4:4], fs[5:]...) },
	"no bookings":                      func(fs []snapFrame) []snapFrame { return append(fs[:5:5], fs[6:]...) },
	"no keys":                          func(fs []snapFrame) []snapFrame { return append(fs[:6:6], fs[7:]...) },
	"no end":                           func(fs []snapFrame) []snapFrame { return fs[:7] },
}

func TestForgedSnapshotsAreRefused(t *testing.T) {
	if fs := splitFrames(t, small(t)); !bytes.Equal(forge(fs), small(t)) || len(fs) != 8 {
		t.Fatalf("the forger cannot write a good snapshot (%d frames)", len(fs))
	}
	for name, change := range forged {
		t.Run(name, func(t *testing.T) {
			b := forge(change(splitFrames(t, small(t))))
			if s, err := Restore(bytes.NewReader(b)); !errors.Is(err, ErrBadSnapshot) || s != nil {
				t.Fatalf("accepted, or another error: %v", err)
			}
		})
	}
}

// Every single bit flipped, with checksums and digest made to fit: what is accepted all
// the same is a sound state, and the only snapshot of it.
func TestForgedBits(t *testing.T) {
	good := small(t)
	accepted := 0
	for i, f := range splitFrames(t, good) {
		for at := range f.body {
			if f.kind == frameSeats && at > 200 && at%97 != 0 {
				continue // 3 KB of seats that are not there: a sample will do
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
	t.Logf("%d accepted: names, times and prices that nothing contradicts", accepted)
}

// soundOrRefused tells whether the snapshot was accepted; if so it must pass Check and
// be written again byte by byte, if it is of a version that still is.
func soundOrRefused(t *testing.T, b []byte) bool {
	t.Helper()
	s, err := Restore(bytes.NewReader(b))
	if err != nil {
		if !errors.Is(err, ErrBadSnapshot) || s != nil {
			t.Fatalf("another error: %v", err)
		}
		return false
	}
	if err := s.Check(); err != nil {
		t.Fatalf("accepted, but %v", err)
	}
	if fs, _ := parseFrames(b); fs[0].body[8] == 1 {
		return true // it is written as version 2
	}
	if !bytes.Equal(snapshotOf(t, s), b) {
		t.Fatal("accepted, but written otherwise")
	}
	return true
}

// FuzzRestore: damaged bytes never panic, and never pass for a state. The fuzzer's
// edits are given checksums and a digest that fit, or it would never get past them.
func FuzzRestore(f *testing.F) {
	f.Add(small(f))
	f.Add(snapshotOf(f, New()))
	f.Add(snapshotOf(f, busy(f, 3, 40, 60).s))
	f.Add(bundled(f))
	f.Add(snapshotOf(f, richWorld(f).s))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := Restore(bytes.NewReader(b)); (err == nil) != (s != nil) || err != nil && !errors.Is(err, ErrBadSnapshot) {
			t.Fatalf("%v and %v", s, err)
		}
		fs, _ := parseFrames(b)
		if end := slices.IndexFunc(fs, func(f snapFrame) bool { return f.kind == frameTrailer }); end >= 0 {
			fs = fs[:end+1] // what follows is the caller's
		}
		if len(fs) == 0 || claimsTooMuch(fs) {
			return
		}
		soundOrRefused(t, forge(fs))
	})
}

// claimsTooMuch keeps the fuzzer from events of a million seats each, which cost what
// they say before a frame can contradict them.
func claimsTooMuch(fs []snapFrame) bool {
	for _, f := range fs {
		if f.kind == frameBundles && len(f.body) == 4 && binary.LittleEndian.Uint32(f.body) > 100_000 {
			return true
		}
		if f.kind != frameEvent || len(f.body) < 4 {
			continue
		}
		at := 4 + uint64(binary.LittleEndian.Uint32(f.body)) + 80
		if uint64(len(f.body)) >= at+4 && binary.LittleEndian.Uint32(f.body[at:]) > 5_000 {
			return true
		}
	}
	return false
}
