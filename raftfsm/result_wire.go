package raftfsm

import (
	"math"

	"github.com/usherhq/usher/shard"
	"github.com/usherhq/usher/waitroom"
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
	resultJoined

	resultBits = 1<<15 - 1
)

// A conflict's status has this bit when it is undecided.
const conflictUndecided = 0x80

// appendResult writes a result whose error has a number, or none.
func appendResult(buf []byte, r *Result) []byte {
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
	if has(len(r.Joined) > 0, resultJoined) {
		buf = putJoined(buf, r.Joined)
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

// putJoined writes the tickets, and then a bit for each that tells whether it is new.
func putJoined(buf []byte, js []waitroom.Joined) []byte {
	buf = le16(buf, uint16(len(js))) // of a command's entrants, at most MaxJoin
	for _, j := range js {
		buf = le32(buf, j.Ticket)
	}
	at := len(buf)
	buf = append(buf, make([]byte, (len(js)+7)/8)...)
	for i, j := range js {
		buf[at+i/8] |= bit(j.New, 1<<(i%8))
	}
	return buf
}
