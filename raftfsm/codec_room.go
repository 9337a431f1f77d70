package raftfsm

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/usherhq/usher/waitroom"
)

// MaxJoin is how many entrants one OpJoin has at most: its bytes are below maxCommand.
const MaxJoin = 4096

// entrantBytes are an entrant's: id (16), lane (1), nights (4).
const entrantBytes = 16 + 1 + 4

var _ [maxCommand - 9 - MaxJoin*entrantBytes]struct{}

// Bits of a room's config.
const (
	roomLobby = 1 << iota
	roomAuto

	roomBits = 1<<2 - 1
)

// putRoom writes the commands of rooms; others are left alone.
func putRoom(buf []byte, c *Command) []byte {
	switch c.Op {
	case OpOpenRoom:
		return putOpenRoom(buf, c.OpenRoom)
	case OpJoin:
		return putJoin(buf, c.Join)
	case OpLeave:
		return le32(le32(buf, c.Leave.Room), c.Leave.Ticket)
	case OpEnter:
		return le32(le32(le32(buf, c.Enter.Room), c.Enter.Ticket), c.Enter.Event)
	case OpSetRoom:
		return putSetRoom(buf, c.SetRoom)
	case OpAdmit:
		return le32(buf, c.Admit.Limit)
	}
	return buf
}

// room reads a command of rooms.
func (r *entryReader) room(c *Command) {
	switch c.Op {
	case OpOpenRoom:
		c.OpenRoom = r.openRoom()
	case OpJoin:
		c.Join = r.join()
	case OpLeave:
		c.Leave = waitroom.Leave{Room: r.u32(), Ticket: r.u32()}
	case OpEnter:
		c.Enter = Enter{Pass: waitroom.Pass{Room: r.u32(), Ticket: r.u32()}, Event: r.u32()}
	case OpSetRoom:
		c.SetRoom = r.setRoom()
	case OpAdmit:
		c.Admit = Admit{Limit: r.u32()}
	}
}

// putPass writes what stands before a claim that shows an admission.
func putPass(buf []byte, p waitroom.Pass) []byte {
	if p == (waitroom.Pass{}) {
		return buf
	}
	return le32(le32(append(buf, byte(OpPassed)), p.Room), p.Ticket)
}

// passed reads it, and which claim follows.
func (r *entryReader) passed(c *Command) {
	c.Pass, c.Op = waitroom.Pass{Room: r.u32(), Ticket: r.u32()}, Op(r.u8())
	if r.err == nil && c.Pass == (waitroom.Pass{}) {
		r.fail("an admission of zeros")
	}
	if c.Op != OpHoldMarked && c.Op != OpClaim {
		r.fail("an admission before command %d", c.Op)
	}
}

func putOpenRoom(buf []byte, c *waitroom.OpenRoom) []byte {
	buf = le32(putBytes8(buf, []byte(c.ID)), c.Event)
	k := &c.Config
	buf = le32(le32(buf, k.MaxActive), k.NewPerMinute)
	buf = le64(le64(le64(buf, uint64(k.FirstUse)), uint64(k.Session)), uint64(k.OpensAt))
	buf = append(buf, bit(k.Lobby, roomLobby)|bit(k.Auto, roomAuto), byte(len(k.Tiers)))
	for _, t := range k.Tiers {
		buf = le16(le16(putBytes8(buf, []byte(t.Name)), t.General), t.Lane)
	}
	return append(append(append(buf, c.Secret[:]...), c.Seed[:]...), c.Epoch[:]...)
}

func (r *entryReader) openRoom() *waitroom.OpenRoom {
	c := &waitroom.OpenRoom{ID: string(r.bytes8()), Event: r.u32()}
	c.Config = waitroom.Config{MaxActive: r.u32(), NewPerMinute: r.u32(), FirstUse: r.i64(), Session: r.i64(), OpensAt: r.i64()}
	bits, n := r.u8(), r.u8()
	if bits&^roomBits != 0 || n > waitroom.MaxTiers {
		r.fail("a room with bits %02x and %d tiers", bits, n)
	}
	c.Config.Lobby, c.Config.Auto = bits&roomLobby != 0, bits&roomAuto != 0
	for ; n > 0 && r.err == nil; n-- {
		c.Config.Tiers = append(c.Config.Tiers, waitroom.Tier{Name: string(r.bytes8()), General: r.u16(), Lane: r.u16()})
	}
	c.Secret, c.Seed, c.Epoch = r.sum(), r.sum(), r.hash()
	return c
}

func putJoin(buf []byte, c *waitroom.Join) []byte {
	buf = le32(le32(buf, c.Room), uint32(len(c.Entrants)))
	for i := range c.Entrants {
		e := &c.Entrants[i]
		buf = le32(append(append(buf, e.ID[:]...), e.Lane), uint32(e.Nights))
	}
	return buf
}

// join is read into the reader's room: it is valid until the next command.
func (r *entryReader) join() *waitroom.Join {
	c := &r.joinRoom
	*c = waitroom.Join{Room: r.u32(), Entrants: c.Entrants[:0]}
	n := r.u32()
	if n > MaxJoin {
		r.fail("%d entrants", n)
	}
	all := r.take(int(n) * entrantBytes)
	for ; len(all) > 0; all = all[entrantBytes:] {
		nights := waitroom.Nights(binary.LittleEndian.Uint32(all[17:]))
		c.Entrants = append(c.Entrants, waitroom.Entrant{ID: [16]byte(all), Lane: all[16], Nights: nights})
	}
	return c
}

// cloneJoin is one that lasts.
func cloneJoin(c *waitroom.Join) *waitroom.Join {
	return &waitroom.Join{Room: c.Room, Entrants: slices.Clone(c.Entrants)}
}

func putSetRoom(buf []byte, c *waitroom.Set) []byte {
	buf = le32(le32(append(le32(buf, c.Room), c.Fields), c.MaxActive), c.NewPerMinute)
	return putBytes8(append(le32(buf, c.Pace), byte(c.State)), []byte(c.Reason))
}

func (r *entryReader) setRoom() *waitroom.Set {
	return &waitroom.Set{
		Room: r.u32(), Fields: r.u8(), MaxActive: r.u32(), NewPerMinute: r.u32(),
		Pace: r.u32(), State: waitroom.State(r.u8()), Reason: string(r.bytes8()),
	}
}

// passFits: an admission stands before claims only, and those say that they have one.
func (c *Command) passFits() bool {
	switch {
	case c.Pass == waitroom.Pass{}:
		return true
	case c.Op == OpHoldMarked:
		return c.Hold.Admitted
	case c.Op == OpClaim:
		return c.Claim.Admitted
	}
	return false
}

func openRoomFits(c *waitroom.OpenRoom) bool {
	for i := range c.Config.Tiers {
		if len(c.Config.Tiers[i].Name) > math.MaxUint8 {
			return false
		}
	}
	return len(c.ID) <= waitroom.MaxID && len(c.Config.Tiers) <= waitroom.MaxTiers
}
