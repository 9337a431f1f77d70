package raftfsm

import (
	"fmt"
	"math"

	"github.com/usherhq/usher/shard"
)

// A result between nodes: which of its fields follow (2 bytes, a bit each), and those, in the
// order of the bits. A field that is zero is not written, so equal results have equal bytes.
const (
	resultErr = 1 << iota
	resultEvent
	resultNumber
	resultToken
	resultVersion
	resultNow
	resultExpires
	resultCount
	resultMore
	resultReplayed
	resultConflicts
	resultVersions // the conflicts have versions
	resultGranted
	resultBundle

	resultBits = 1<<14 - 1
)

// A conflict's status has this bit when it is undecided.
const conflictUndecided = 0x80

// appendResult writes a result whose error has a number, or none.
func appendResult(buf []byte, r *shard.Result) []byte {
	at, bits := len(buf), uint16(0)
	buf = append(buf, 0, 0)
	has := func(there bool, bit uint16) bool {
		if there {
			bits |= bit
		}
		return there
	}
	if has(r.Err != nil, resultErr) {
		buf = le16(buf, errorNumber(r.Err))
	}
	for _, f := range [...]struct {
		v   uint32
		bit uint16
	}{{r.Event, resultEvent}, {r.Number, resultNumber}} {
		if has(f.v != 0, f.bit) {
			buf = le32(buf, f.v)
		}
	}
	for _, f := range [...]struct {
		v   uint64
		bit uint16
	}{{r.Token, resultToken}, {r.Version, resultVersion}, {uint64(r.Now), resultNow}, {uint64(r.Expires), resultExpires}} {
		if has(f.v != 0, f.bit) {
			buf = le64(buf, f.v)
		}
	}
	if has(r.Count != 0, resultCount) {
		buf = le32(buf, r.Count)
	}
	has(r.More, resultMore)
	has(r.Replayed, resultReplayed)
	if has(len(r.Conflicts) > 0, resultConflicts) {
		buf = putConflicts(buf, r.Conflicts, has(versioned(r.Conflicts), resultVersions))
	}
	if has(r.Granted != nil, resultGranted) {
		buf = putGranted(buf, r.Granted)
	}
	if has(r.Bundle != 0, resultBundle) {
		buf = append(buf, byte(r.Bundle))
	}
	buf[at], buf[at+1] = byte(bits), byte(bits>>8)
	return buf
}

func versioned(cs []shard.Conflict) bool {
	for i := range cs {
		if cs[i].Version != 0 {
			return true
		}
	}
	return false
}

func putConflicts(buf []byte, cs []shard.Conflict, versions bool) []byte {
	cs = cs[:min(len(cs), math.MaxUint16)] // no command names as many seats
	buf = le16(buf, uint16(len(cs)))
	for _, c := range cs {
		buf = le16(append(le32(buf, c.Seat), byte(c.Status)|bit(c.Undecided, conflictUndecided)), c.Item)
		if versions {
			buf = le64(buf, c.Version)
		}
	}
	return buf
}

func putGranted(buf []byte, gs []shard.Granted) []byte {
	buf = append(buf, byte(len(gs))) // of a claim's items, at most 64
	for _, g := range gs {
		buf = putU32s(le64(le64(le32(le32(buf, g.Event), g.Hold), g.Token), g.Version), g.Seats)
	}
	return buf
}

// result reads a result into out, whose room for conflicts is used again.
func (r *entryReader) result(out *shard.Result) {
	bits := r.u16()
	if bits&^resultBits != 0 {
		r.fail("a result with bits %04x", bits)
	}
	has := func(bit uint16) bool { return bits&bit != 0 && r.err == nil }
	*out = shard.Result{Conflicts: out.Conflicts[:0], More: has(resultMore), Replayed: has(resultReplayed)}
	if has(resultErr) {
		out.Err = r.numbered()
	}
	for _, f := range [...]struct {
		to  *uint32
		bit uint16
	}{{&out.Event, resultEvent}, {&out.Number, resultNumber}} {
		if has(f.bit) {
			*f.to = uint32(r.some(uint64(r.u32())))
		}
	}
	for _, f := range [...]struct {
		to  *uint64
		bit uint16
	}{{&out.Token, resultToken}, {&out.Version, resultVersion}} {
		if has(f.bit) {
			*f.to = r.some(r.u64())
		}
	}
	for _, f := range [...]struct {
		to  *int64
		bit uint16
	}{{&out.Now, resultNow}, {&out.Expires, resultExpires}} {
		if has(f.bit) {
			*f.to = int64(r.some(r.u64()))
		}
	}
	if has(resultCount) {
		out.Count = uint32(r.some(uint64(r.u32())))
	}
	if has(resultConflicts) {
		out.Conflicts = r.conflicts(out.Conflicts, has(resultVersions))
	} else if has(resultVersions) {
		r.fail("versions of no conflict")
	}
	if has(resultGranted) {
		out.Granted = r.granted()
	}
	if has(resultBundle) {
		if out.Bundle = shard.BundleState(r.some(uint64(r.u8()))); out.Bundle > shard.BundleCancelled {
			r.fail("a bundle's state of %d", out.Bundle)
		}
	}
}

// some is a field that would not be there if it were zero.
func (r *entryReader) some(v uint64) uint64 {
	if v == 0 {
		r.fail("a field of a result is there and zero")
	}
	return v
}

func (r *entryReader) numbered() error {
	no := r.u16()
	err := numbered[no]
	if err == nil {
		r.fail("error %d is unknown to this program", no)
		return fmt.Errorf("%w: error %d", ErrBadEntry, no)
	}
	return err
}

func (r *entryReader) conflicts(room []shard.Conflict, versions bool) []shard.Conflict {
	n := r.some(uint64(r.u16()))
	for ; n > 0 && r.err == nil; n-- {
		c := shard.Conflict{Seat: r.u32()}
		status := r.u8()
		c.Status, c.Undecided = shard.Status(status&^conflictUndecided), status&conflictUndecided != 0
		if c.Status > shard.Blocked {
			r.fail("a seat's status of %d", c.Status)
		}
		c.Item = r.u16()
		if versions {
			c.Version = r.u64()
		}
		room = append(room, c)
	}
	if versions && !versioned(room) {
		r.fail("versions that are all zero")
	}
	return room
}

func (r *entryReader) granted() []shard.Granted {
	n := r.u8()
	if n > shard.MaxItems {
		r.fail("%d items were granted", n)
	}
	gs := make([]shard.Granted, 0, min(n, shard.MaxItems))
	for ; n > 0 && r.err == nil; n-- {
		g := shard.Granted{Event: r.u32(), Hold: r.u32(), Token: r.u64(), Version: r.u64()}
		g.Seats = append([]uint32(nil), r.u32s()...)
		gs = append(gs, g)
	}
	return gs
}
