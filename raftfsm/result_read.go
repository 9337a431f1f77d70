package raftfsm

import (
	"encoding/binary"
	"fmt"

	"github.com/usherhq/usher/shard"
	"github.com/usherhq/usher/waitroom"
)

// result reads a result into out, whose room for conflicts is used again.
func (r *entryReader) result(out *Result) {
	bits := r.u16()
	if bits&^resultBits != 0 {
		r.fail("a result with bits %04x", bits)
	}
	has := func(bit uint16) bool { return bits&bit != 0 && r.err == nil }
	*out = Result{Result: shard.Result{Conflicts: out.Conflicts[:0], More: has(resultMore), Replayed: has(resultReplayed)}}
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
	if has(resultJoined) {
		out.Joined = r.joined()
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

func (r *entryReader) joined() []waitroom.Joined {
	n := int(r.some(uint64(r.u16())))
	if n > MaxJoin {
		r.fail("%d entrants have joined", n)
	}
	tickets, news := r.take(4*n), r.take((n+7)/8)
	if r.err != nil {
		return nil
	}
	js := make([]waitroom.Joined, n)
	for i := range js {
		js[i] = waitroom.Joined{Ticket: binary.LittleEndian.Uint32(tickets[4*i:]), New: news[i/8]>>(i%8)&1 != 0}
	}
	if n%8 != 0 && news[n/8]>>(n%8) != 0 {
		r.fail("more are new than have joined")
	}
	return js
}
