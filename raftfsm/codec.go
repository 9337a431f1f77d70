package raftfsm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"

	"github.com/usherhq/usher/shard"
	"github.com/usherhq/usher/waitroom"
)

// An entry of the log: version (1 byte), flags (1, zero), stamp (8, unix ms), origin
// (8: who proposed it), sequence (8: which of its entries), number of commands (4), the
// commands, CRC-32C of all before it (4). Integers are little-endian. Strings in
// commands have their length before them.
const (
	entryVersion = 1
	entryHeader  = 1 + 1 + 8 + 8 + 8 + 4
	entryTrailer = 4
	// MaxEntry bounds an entry: raft sends whole entries, and a long one holds up the
	// heartbeats behind it.
	MaxEntry = 256 << 10
	// maxCommand is the room an entry keeps for the command that is being added.
	maxCommand = 100 << 10
)

// ErrBadEntry wraps what is wrong with an entry.
var ErrBadEntry = errors.New("usher: damaged log entry")

// entryHead is what stands before an entry's commands.
type entryHead struct {
	Stamp    int64
	Origin   uint64
	Sequence uint64
	Count    uint32
}

// beginEntry starts an entry in buf; endEntry completes it.
func beginEntry(buf []byte) []byte {
	return append(buf[:0], make([]byte, entryHeader)...)
}

func endEntry(buf []byte, h entryHead) []byte {
	buf[0], buf[1] = entryVersion, 0
	binary.LittleEndian.PutUint64(buf[2:], uint64(h.Stamp))
	binary.LittleEndian.PutUint64(buf[10:], h.Origin)
	binary.LittleEndian.PutUint64(buf[18:], h.Sequence)
	binary.LittleEndian.PutUint32(buf[26:], h.Count)
	return binary.LittleEndian.AppendUint32(buf, crc32.Checksum(buf, castagnoli))
}

// CheckEntry verifies an entry's checksum without looking inside.
func CheckEntry(data []byte) error {
	if len(data) < entryHeader+entryTrailer {
		return fmt.Errorf("%w: %d bytes", ErrBadEntry, len(data))
	}
	body := data[:len(data)-entryTrailer]
	if got, want := crc32.Checksum(body, castagnoli), binary.LittleEndian.Uint32(data[len(body):]); got != want {
		return fmt.Errorf("%w: checksum %08x, computed %08x", ErrBadEntry, want, got)
	}
	return nil
}

// entryReader gives an entry's commands one by one. What a command's slices point to is
// the entry itself, or the reader's scratch until the next command.
type entryReader struct {
	head  entryHead
	buf   []byte
	left  uint32
	seats []uint32
	err   error

	claimRoom shard.Claim
	joinRoom  waitroom.Join
}

// open checks the entry and reads its head.
func (r *entryReader) open(data []byte) error {
	r.err, r.left = nil, 0
	if err := CheckEntry(data); err != nil {
		return err
	}
	if data[0] != entryVersion || data[1] != 0 {
		return fmt.Errorf("%w: version %d, flags %d; this program reads version %d", ErrBadEntry, data[0], data[1], entryVersion)
	}
	r.head = entryHead{
		Stamp:    int64(binary.LittleEndian.Uint64(data[2:])),
		Origin:   binary.LittleEndian.Uint64(data[10:]),
		Sequence: binary.LittleEndian.Uint64(data[18:]),
		Count:    binary.LittleEndian.Uint32(data[26:]),
	}
	r.left = r.head.Count
	r.buf = data[entryHeader : len(data)-entryTrailer]
	return nil
}

// next reads the next command; false at the end or on an error, which err tells.
func (r *entryReader) next(c *Command) bool {
	if r.err != nil {
		return false
	}
	if r.left == 0 {
		if len(r.buf) != 0 {
			r.fail("%d bytes behind the last command", len(r.buf))
		}
		return false
	}
	r.left--
	c.Pass, c.Op = waitroom.Pass{}, Op(r.u8())
	if c.Op == OpPassed {
		r.passed(c)
	}
	switch c.Op {
	case OpHold:
		r.hold(&c.Hold)
		c.Hold.Key = r.key()
	case OpHoldMarked:
		r.hold(&c.Hold)
		c.Hold.Lease, c.Hold.Admitted, c.Hold.Key = r.bool(), r.bool(), r.key()
	case OpExtend:
		c.Extend = shard.Extend{Event: r.u32(), Hold: r.u32(), Token: r.u64(), TTL: r.i64(), Key: r.key()}
	case OpRelease:
		c.Release = shard.Release{Event: r.u32(), Hold: r.u32(), Token: r.u64(), Declined: r.bool(), Key: r.key()}
	case OpBook:
		r.book(&c.Book)
		c.Book.Key = r.key()
	case OpBookParts:
		r.book(&c.Book)
		c.Book.Parts, c.Book.Key = r.i64s(), r.key()
	case OpCancel:
		c.Cancel = shard.Cancel{Event: r.u32(), Booking: r.u32(), Key: r.key()}
	case OpBlock:
		c.Block = shard.Block{Event: r.u32(), Unblock: r.bool(), Reason: r.bytes8(), Seats: r.u32s(), Key: r.key()}
	case OpExpire:
		c.Expire = shard.Expire{Limit: r.u32()}
	case OpCreateEvent:
		r.create(&c.Create)
	case OpChartChunk:
		c.Chunk = shard.ChartChunk{Sum: r.sum(), Blob: r.sum(), Seats: r.u32(), Size: r.u32(), Offset: r.u32(), Data: r.bytes()}
	case OpTick, OpChecksum:
	case OpClaim:
		c.Claim = r.claim()
	case OpBegin:
		c.Begin = &shard.Begin{Event: r.u32(), Groups: r.u16s(), Wait: r.i64(), Key: r.key()}
	case OpDecide:
		c.Decide = &shard.Decide{Bundle: r.u32(), Commit: r.bool(), Late: r.bool(), TTL: r.i64(), Parts: r.parts()}
	case OpResolve:
		c.Resolve = r.resolve()
	case OpAck:
		c.Ack = &shard.Ack{Bundle: r.u32(), Group: r.u16(), State: shard.BundleState(r.u8())}
	case OpAllot:
		c.Allot = &shard.Allot{Event: r.u32(), Name: r.bytes8(), Hash: r.hash(), Reason: r.bytes8(), Seats: slices.Clone(r.u32s()), Key: r.key()}
	case OpCreateRuled:
		r.create(&c.Create)
		r.rules(&c.Create)
	case OpPlaceRuled:
		r.place(&c.Place)
		r.rules(&c.Place.Create)
	case OpNameChart:
		c.Name = NameChart{ChartID: string(r.bytes8()), Sum: r.sum()}
	case OpPlaceEvent:
		r.place(&c.Place)
	case OpActivateEvent:
		c.Activate = ActivateEvent{EventID: string(r.bytes8())}
	case OpFound:
		c.Found = r.found()
	case OpPutMember:
		c.Member = &PutMember{r.member()}
	case OpSetMember:
		c.SetState = &SetMember{NodeID: string(r.bytes8()), State: MemberState(r.u8()), Urgent: r.bool()}
	case OpPlaceVoters:
		c.Voters = &PlaceVoters{Group: r.u16(), Voters: r.names(), Was: r.names()}
	case OpRaiseVersion:
		c.Version = RaiseVersion{r.u32()}
	case OpMembership:
		c.membership = r.membership()
	case OpOpenRoom, OpJoin, OpLeave, OpEnter, OpSetRoom, OpAdmit:
		r.room(c)
	default:
		r.fail("command %d is unknown to this program", c.Op)
	}
	return r.err == nil
}

func (r *entryReader) hold(c *shard.Hold) {
	*c = shard.Hold{Event: r.u32(), TTL: int64(r.u32()), Holder: r.bytes8(), Seats: r.u32s()}
}

func (r *entryReader) book(c *shard.Book) {
	*c = shard.Book{Event: r.u32(), Hold: r.u32(), Token: r.u64(), Amount: r.i64()}
	copy(c.Currency[:], r.take(3))
	c.Payment = r.bytes8()
}

func (r *entryReader) create(c *shard.CreateEvent) {
	*c = shard.CreateEvent{ID: string(r.bytes8())}
	c.Chart = r.sum()
	copy(c.Epoch[:], r.take(16))
	c.Secret = r.sum()
	c.TokenBase, c.OnsaleAt, c.MaxKeys = r.u64(), r.i64(), r.u32()
	c.Meta = r.bytes()
}

func (r *entryReader) place(c *PlaceEvent) {
	c.Series = string(r.bytes8())
	c.ChartID = string(r.bytes8())
	r.create(&c.Create)
}

// AppendCommand adds a command's bytes to buf.
func AppendCommand(buf []byte, c *Command) []byte {
	buf = append(putPass(buf, c.Pass), byte(c.Op))
	switch c.Op {
	case OpHold:
		buf = putKey(putHold(buf, &c.Hold), &c.Hold.Key)
	case OpHoldMarked:
		buf = putBool(putBool(putHold(buf, &c.Hold), c.Hold.Lease), c.Hold.Admitted)
		buf = putKey(buf, &c.Hold.Key)
	case OpExtend:
		e := &c.Extend
		buf = le64(le64(le32(le32(buf, e.Event), e.Hold), e.Token), uint64(e.TTL))
		buf = putKey(buf, &e.Key)
	case OpRelease:
		e := &c.Release
		buf = putKey(putBool(le64(le32(le32(buf, e.Event), e.Hold), e.Token), e.Declined), &e.Key)
	case OpBook:
		buf = putKey(putBook(buf, &c.Book), &c.Book.Key)
	case OpBookParts:
		buf = putKey(putI64s(putBook(buf, &c.Book), c.Book.Parts), &c.Book.Key)
	case OpCancel:
		buf = putKey(le32(le32(buf, c.Cancel.Event), c.Cancel.Booking), &c.Cancel.Key)
	case OpBlock:
		b := &c.Block
		buf = putBool(le32(buf, b.Event), b.Unblock)
		buf = putKey(putU32s(putBytes8(buf, b.Reason), b.Seats), &b.Key)
	case OpExpire:
		buf = le32(buf, c.Expire.Limit)
	case OpCreateEvent:
		buf = putCreate(buf, &c.Create)
	case OpChartChunk:
		k := &c.Chunk
		buf = append(append(buf, k.Sum[:]...), k.Blob[:]...)
		buf = putBytes(le32(le32(le32(buf, k.Seats), k.Size), k.Offset), k.Data)
	case OpNameChart:
		buf = append(putBytes8(buf, []byte(c.Name.ChartID)), c.Name.Sum[:]...)
	case OpPlaceEvent:
		buf = putPlace(buf, &c.Place)
	case OpActivateEvent:
		buf = putBytes8(buf, []byte(c.Activate.EventID))
	case OpCreateRuled:
		buf = putRules(putCreate(buf, &c.Create), &c.Create)
	case OpPlaceRuled:
		buf = putRules(putPlace(buf, &c.Place), &c.Place.Create)
	case OpClaim:
		buf = putClaim(buf, c.Claim)
	case OpBegin:
		buf = putKey(le64(putU16s(le32(buf, c.Begin.Event), c.Begin.Groups), uint64(c.Begin.Wait)), &c.Begin.Key)
	case OpDecide:
		d := c.Decide
		buf = putParts(le64(putBool(putBool(le32(buf, d.Bundle), d.Commit), d.Late), uint64(d.TTL)), d.Parts)
	case OpResolve:
		buf = putResolve(buf, c.Resolve)
	case OpAck:
		buf = append(le16(le32(buf, c.Ack.Bundle), c.Ack.Group), byte(c.Ack.State))
	case OpFound:
		buf = putFound(buf, c.Found)
	case OpPutMember:
		buf = putMember(buf, &c.Member.Member)
	case OpSetMember:
		buf = putBool(append(putBytes8(buf, []byte(c.SetState.NodeID)), byte(c.SetState.State)), c.SetState.Urgent)
	case OpPlaceVoters:
		buf = putNames(putNames(le16(buf, c.Voters.Group), c.Voters.Voters), c.Voters.Was)
	case OpRaiseVersion:
		buf = le32(buf, c.Version.Version)
	case OpMembership:
		buf = putMembership(buf, c.membership)
	case OpAllot:
		a := c.Allot
		buf = append(putBytes8(le32(buf, a.Event), a.Name), a.Hash[:]...)
		buf = putKey(putU32s(putBytes8(buf, a.Reason), a.Seats), &a.Key)
	default:
		buf = putRoom(buf, c)
	}
	return buf
}

func putHold(buf []byte, h *shard.Hold) []byte {
	buf = le32(le32(buf, h.Event), uint32(h.TTL))
	return putU32s(putBytes8(buf, h.Holder), h.Seats)
}

func putBook(buf []byte, b *shard.Book) []byte {
	buf = le64(le64(le32(le32(buf, b.Event), b.Hold), b.Token), uint64(b.Amount))
	return putBytes8(append(buf, b.Currency[:]...), b.Payment)
}

func putPlace(buf []byte, p *PlaceEvent) []byte {
	buf = putBytes8(putBytes8(buf, []byte(p.Series)), []byte(p.ChartID))
	return putCreate(buf, &p.Create)
}

func putCreate(buf []byte, c *shard.CreateEvent) []byte {
	buf = append(putBytes8(buf, []byte(c.ID)), c.Chart[:]...)
	buf = append(append(buf, c.Epoch[:]...), c.Secret[:]...)
	buf = le32(le64(le64(buf, c.TokenBase), uint64(c.OnsaleAt)), c.MaxKeys)
	return putBytes(buf, c.Meta)
}
