package shard

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/usherhq/usher/shard/frame"
)

// A state that was restored from a backup may lack grants that were acknowledged after
// it. Whoever was given those must not be taken for somebody else: so from a restore on
// holds have tokens from a higher base, and ids that the old numbers do not fit.

const (
	// MaxEras is how many eras of an event are remembered.
	MaxEras = 4096
	// eraTokens is what one era has: as many as there are hold numbers, as nobody knows
	// how many of them were given after the backup.
	eraTokens = 1 << 32
	// A backup can be restored more than once, and each time the state is the same: so
	// the base is also above what eraSlot says of the moment. There are 2^21 slots.
	eraSlot  = 20 * 60 * 1000
	eraSlot0 = 1_767_225_600_000 // 2026-01-01
)

// ErrNoEras says that a state has been restored too often, or its clock is far off.
var ErrNoEras = errors.New("usher: no fencing tokens are left for another era")

// Era is how the numbers of an event are read that were given since a restore. Every
// event has a first one, from its creation, in which Hold, Booking and Salt are zero.
type Era struct {
	Hold    uint64 // number of its first hold; one above uint32 when there can be none
	Booking uint64 // number of its first booking; likewise
	Base    uint64 // the fencing token of its hold n is Base + n
	Salt    [16]byte
}

// Eras are an event's, oldest first; never none.
func (e *Event) Eras() []Era { return append(e.past[:len(e.past):len(e.past)], e.era) }

// Token is the fencing token of the hold with that number.
func (e *Event) Token(hold uint32) uint64 {
	if uint64(hold) >= e.era.Hold {
		return e.era.Base + uint64(hold)
	}
	return e.pastToken(hold)
}

func (e *Event) pastToken(hold uint32) uint64 {
	for i := len(e.past) - 1; ; i-- {
		if uint64(hold) >= e.past[i].Hold { // the first one's is 0
			return e.past[i].Base + uint64(hold)
		}
	}
}

// firstBase is the TokenBase that the event was created with.
func (e *Event) firstBase() uint64 {
	if len(e.past) > 0 {
		return e.past[0].Base
	}
	return e.era.Base
}

// NextTokenBase is a base that no token reaches which was given under an earlier one, of
// whatever hold: not by this state, nor by one that was restored from the same backup at
// least 20 minutes before. at is the moment in unix milliseconds.
func NextTokenBase(base uint64, at int64) (uint64, error) {
	slot := max(at-eraSlot0, 0) / eraSlot
	if slot > MaxToken/eraTokens {
		return 0, fmt.Errorf("%w: the clock says %d", ErrNoEras, at)
	}
	next := max(base+eraTokens, uint64(slot)*eraTokens)
	if next > MaxToken-(eraTokens-1) {
		return 0, fmt.Errorf("%w: the tokens of this one begin at %d", ErrNoEras, base)
	}
	return next, nil
}

// Restored begins a new era of every event, with an epoch of its own. It is for a state
// that comes from a backup, before anybody uses it. seed is drawn anew for each restore;
// at is its moment in unix milliseconds. On an error (ErrNoEras) nothing has changed.
func (s *State) Restored(seed [32]byte, at int64) error {
	bases := make([]uint64, len(s.events))
	for no, e := range s.events {
		var err error
		if bases[no], err = NextTokenBase(e.era.Base, at); err == nil && len(e.past)+2 > MaxEras {
			err = fmt.Errorf("%w: it has had %d", ErrNoEras, MaxEras)
		}
		if err != nil {
			return fmt.Errorf("event %s: %w", e.id, err)
		}
	}
	for no, base := range bases {
		s.own(uint32(no)).begin(seed, base)
	}
	return nil
}

func (e *Event) begin(seed [32]byte, base uint64) {
	next := Era{Hold: uint64(e.lastHold) + 1, Booking: uint64(e.lastBook) + 1, Base: base}
	h := sha256.Sum256(binary.LittleEndian.AppendUint32(append(seed[:], e.epoch[:]...), e.no))
	copy(e.epoch[:], h[:16])
	copy(next.Salt[:], h[16:])
	// An era in which nothing was given leaves nothing to remember, but for the first.
	if len(e.past) == 0 || e.era.Hold != next.Hold || e.era.Booking != next.Booking {
		e.past = e.Eras()
	}
	e.era = next
}

// eraProblem says what cannot be of an event's eras; "" means that all is well.
func (e *Event) eraProblem() string {
	all := e.Eras()
	if all[0].Hold != 0 || all[0].Booking != 0 || all[0].Salt != [16]byte{} || all[0].Base > MaxToken {
		return fmt.Sprintf("its first era is %+v", all[0])
	}
	for i, a := range all[1:] {
		was := all[i]
		switch {
		case a.Hold < max(was.Hold, 1) || a.Hold > uint64(e.lastHold)+1,
			a.Booking < max(was.Booking, 1) || a.Booking > uint64(e.lastBook)+1,
			a.Base < was.Base+eraTokens || a.Base > MaxToken-(eraTokens-1):
			return fmt.Sprintf("its era %d is %+v, the one before it %+v", i+1, a, was)
		}
	}
	return ""
}

// versionFor is the version of a snapshot of these events.
func versionFor(events []*Event) uint16 {
	for _, e := range events {
		if len(e.past) > 0 {
			return snapshotVersion
		}
	}
	return 2
}

func (e *Event) writeEras(f *frame.Writer) {
	f.U32(uint32(len(e.past)))
	for _, a := range e.Eras()[1:] {
		f.U64(a.Hold)
		f.U64(a.Booking)
		f.U64(a.Base)
		f.Raw(a.Salt[:])
	}
}

// readEras reads the eras after the first, which has been read.
func (e *Event) readEras(f *frame.Reader) {
	n := f.U32()
	if n >= MaxEras {
		f.Fail("event %q has had %d eras", e.id, n)
		return
	}
	for range n {
		a := Era{Hold: f.U64(), Booking: f.U64(), Base: f.U64()}
		copy(a.Salt[:], f.Take(16))
		e.past, e.era = append(e.past, e.era), a
	}
	if what := e.eraProblem(); f.Err == nil && what != "" {
		f.Fail("event %q: %s", e.id, what)
	}
}

// eraSum is mixed into the event's digest once there has been a restore.
func (e *Event) eraSum(h uint64) uint64 {
	if len(e.past) == 0 {
		return h
	}
	for _, a := range e.Eras() {
		h = mix(mix(mix(h, a.Hold), a.Booking), a.Base)
		h = mixBytes(h, a.Salt[:])
	}
	return h
}
