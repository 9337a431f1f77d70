package waitroom

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"slices"
	"testing"
)

// small is a snapshot with a frame of every kind: one room whose draw is under way, one with
// a session that has holds.
func small(t testing.TB) []byte {
	inv := newStock()
	rs := New(inv)
	for i, id := range []string{"event/a", "event/b"} {
		c := wide()
		if i == 0 {
			c.Lobby, c.OpensAt, c.Tiers = true, 10, []Tier{{"gold", 2, 1}}
		}
		if _, err := rs.Open(1, &OpenRoom{ID: id, Event: uint32(i), Config: c}); err != nil {
			t.Fatal(err)
		}
	}
	for n := range uint64(6) {
		if _, err := rs.Join(1, &Join{uint32(n % 2), []Entrant{{ID: ident(n), Lane: 0}}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := rs.Enter(2, Pass{1, 2}, 1); err != nil {
		t.Fatal(err)
	}
	rs.Took(Pass{1, 2}, 1, 77)
	r := rs.Room(0)
	r.begin(10)
	r.scan(10)
	r.fill(1)
	if r.phase != Drawing {
		t.Fatal("the draw is through")
	}
	return freeze(t, rs)
}

func wantDamaged(t *testing.T, b []byte, what string, at int) {
	t.Helper()
	if rs, err := Restore(bytes.NewReader(b), newStock()); !errors.Is(err, ErrBadSnapshot) || rs != nil {
		t.Fatalf("%s %d: accepted, or another error: %v", what, at, err)
	}
}

func TestEveryFlippedBitIsFound(t *testing.T) {
	b := small(t)
	for at := range b {
		b[at] ^= 1 << (at % 8)
		wantDamaged(t, b, "flipped bit of byte", at)
		b[at] ^= 1<<(at%8) ^ 0xff
		wantDamaged(t, b, "inverted byte", at)
		b[at] ^= 0xff
	}
	thaw(t, b, newStock())
}

func TestEveryTruncationIsFound(t *testing.T) {
	b := small(t)
	for n := range b {
		wantDamaged(t, b[:n], "cut after byte", n)
	}
}

// snapFrame is a frame without its checksum.
type snapFrame struct {
	kind byte
	body []byte
}

func framesOf(b []byte) (fs []snapFrame) {
	for len(b) >= 9 {
		n := int(binary.LittleEndian.Uint32(b[1:]))
		if n > len(b)-9 {
			return fs
		}
		fs = append(fs, snapFrame{b[0], slices.Clone(b[5 : 5+n])})
		b = b[9+n:]
		if fs[len(fs)-1].kind == byte(frameTrailer) {
			return fs // what follows is the caller's
		}
	}
	return fs
}

func joinFrames(fs []snapFrame) (b []byte) {
	for _, f := range fs {
		at := len(b)
		b = append(b, f.kind)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(f.body)))
		b = append(b, f.body...)
		b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[at:], crc32.MakeTable(crc32.Castagnoli)))
	}
	return b
}

func TestFramesLostOrDoubled(t *testing.T) {
	fs := framesOf(small(t))
	if !bytes.Equal(joinFrames(fs), small(t)) || len(fs) < 6 {
		t.Fatalf("%d frames, put together otherwise", len(fs))
	}
	for i := range fs {
		wantDamaged(t, joinFrames(append(fs[:i:i], fs[i+1:]...)), "lost frame", i)
		if i < len(fs)-1 {
			wantDamaged(t, joinFrames(append(fs[:i+1:i+1], fs[i:]...)), "doubled frame", i)
			swapped := slices.Clone(fs)
			swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
			wantDamaged(t, joinFrames(swapped), "swapped frame", i)
		}
	}
}

func TestRestoreStopsAtItsEnd(t *testing.T) {
	in := bytes.NewReader(append(small(t), "something else"...))
	if _, err := Restore(in, newStock()); err != nil || in.Len() != len("something else") {
		t.Fatalf("%v, %d bytes left", err, in.Len())
	}
}

// forged is what a room's numbers are changed to; snapshots of it are made with checksums
// and digests that fit.
func forged(t *testing.T, change func(h *head, p []ticket)) []byte {
	t.Helper()
	rs := thaw(t, small(t), newStock())
	r := rs.Room(0)
	change(&r.head, r.pages[0].tickets[:])
	return freeze(t, rs)
}

func TestWhatCannotBeIsRefused(t *testing.T) {
	before := func(h *head, p []ticket) {
		h.phase, h.drawAt, h.entrants, h.listed, h.drawn = Before, 0, 0, 0, 0
		for i := range p {
			p[i].slot, p[i].state = noSlot, 0
		}
	}
	for name, change := range map[string]func(h *head, p []ticket){
		"tickets looked at before the opening":  func(h *head, p []ticket) { before(h, p) },
		"entrants before the opening":           func(h *head, p []ticket) { before(h, p); h.scanned, h.entrants, h.listed, h.drawn = 1, 1, 1, 1 },
		"another was drawn":                     func(h *head, p []ticket) { swapFirst(p) },
		"another digest":                        func(h *head, _ []ticket) { h.digest[0]++ },
		"who was looked at is not listed":       func(h *head, p []ticket) { h.listed, h.drawn = 0, 0; unplace(p) },
		"a minute at the end of time":           func(h *head, _ []ticket) { h.taken.newest = 1<<63 - 1 - buckets },
		"a lobby without a draw":                func(h *head, p []ticket) { h.phase = Line },
		"more listed than there are":            func(h *head, _ []ticket) { h.listed++ },
		"less than no credit":                   func(h *head, _ []ticket) { h.credit = -1 },
		"more than a second's credit":           func(h *head, _ []ticket) { h.credit = creditCap(h.pace) + 1 },
		"the key before the first":              func(h *head, _ []ticket) { h.keyNo = 0 },
		"a state that there is not":             func(h *head, _ []ticket) { h.state = Draining + 1 },
		"no event":                              func(h *head, _ []ticket) { h.events = nil },
		"the other room's event":                func(h *head, _ []ticket) { h.events = []uint32{1} },
		"the other room's name":                 func(h *head, _ []ticket) { h.id = "event/b" },
		"two tickets in one place":              func(_ *head, p []ticket) { p[0].slot, p[1].slot, p[2].slot = 0, 0, 0 },
		"two live tickets of one person":        func(_ *head, p []ticket) { p[1].id = p[0].id },
		"an admission that is nobody's":         func(_ *head, p []ticket) { p[0].state = p[0].state&entered | uint8(Admitted) },
		"nights that the room has not":          func(_ *head, p []ticket) { p[0].nights = 1 << 15 },
		"an era that is not the first of all":   func(h *head, _ []ticket) { h.eras = []Era{{First: 3}} },
		"pace above what may be":                func(h *head, _ []ticket) { h.pace = h.cfg.NewPerMinute + 1 },
		"the draw is through, but the room not": func(h *head, _ []ticket) { h.drawn = h.entrants },
	} {
		t.Run(name, func(t *testing.T) { wantDamaged(t, forged(t, change), name, 0) })
	}
}

// unplace takes the places back that were drawn.
func unplace(p []ticket) {
	for i := range p {
		if p[i].slot != noSlot {
			p[i].slot, p[i].state = noSlot, uint8(InLobby)
		}
	}
	p[0].state = uint8(InLobby)
}

// swapFirst gives the one place that is drawn to somebody else.
func swapFirst(p []ticket) {
	at := slices.IndexFunc(p[:3], func(t ticket) bool { return t.slot == 0 })
	other := (at + 1) % 3
	p[at].slot, p[other].slot = noSlot, 0
	p[at].state, p[other].state = p[other].state, p[at].state
}

// stride leaves out most of what a room's last minutes hold, which is much of the same.
func stride(at, size int) int {
	if size > 4000 && at > 500 && at < size-600 {
		return 201
	}
	return 1
}

// TestForgedNumbersNeverPanic changes any four bytes of a snapshot, with checksums that fit.
func TestForgedNumbersNeverPanic(t *testing.T) {
	for _, value := range []uint32{0, 1, 1<<31 - 1, 1<<32 - 1} {
		fs := framesOf(small(t))
		for k := range fs {
			for at := 0; at+4 <= len(fs[k].body); at += stride(at, len(fs[k].body)) {
				was := binary.LittleEndian.Uint32(fs[k].body[at:])
				binary.LittleEndian.PutUint32(fs[k].body[at:], value)
				survives(t, forge(joinFrames(fs)))
				binary.LittleEndian.PutUint32(fs[k].body[at:], was)
			}
		}
	}
}
