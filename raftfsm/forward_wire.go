package raftfsm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A batch of commands on the way to the leader of their group: group (2 bytes), number of commands
// (4), for each the time its caller still gives it in milliseconds (4), the commands. Integers
// are little-endian.
//
// Its answer: the leader's applied index, which has the commands' entries (8), number of commands
// (4), and for each in turn 0 and its result, or 1 and its error.
const (
	batchHeader    = 2 + 4
	batchCommands  = 4096
	answerHeader   = 8 + 4
	answerDecided  = 0
	answerNot      = 1
	forwardedAtAll = 30 * time.Second // what the caller of a command gives it at most
)

var (
	errBadBatch  = errors.New("raftfsm: a batch of commands that cannot be read")
	errBadAnswer = errors.New("raftfsm: an answer to a batch of commands that cannot be read")
)

// forwardable are the commands that a leader takes from other nodes, by the kind of group. All
// that the engine proposes is among them; what a leader does of itself (OpExpire, OpAdmit,
// OpTick) is not. A claim with an admission is forwarded as the claim it is, and keeps it.
var forwardable = map[Op]struct{ shards, directory bool }{
	OpHold: {shards: true}, OpHoldMarked: {shards: true}, OpClaim: {shards: true}, OpExtend: {shards: true},
	OpRelease: {shards: true}, OpBook: {shards: true}, OpBookParts: {shards: true}, OpCancel: {shards: true},
	OpBlock: {shards: true}, OpAllot: {shards: true}, OpBegin: {shards: true}, OpDecide: {shards: true},
	OpResolve: {shards: true}, OpAck: {shards: true}, OpCreateEvent: {shards: true}, OpCreateRuled: {shards: true},
	OpOpenRoom: {shards: true}, OpJoin: {shards: true}, OpLeave: {shards: true}, OpEnter: {shards: true}, OpSetRoom: {shards: true},
	OpChartChunk: {shards: true, directory: true},
	OpNameChart:  {directory: true}, OpPlaceEvent: {directory: true}, OpPlaceRuled: {directory: true},
	OpActivateEvent: {directory: true},
	OpPutMember:     {directory: true}, OpSetMember: {directory: true}, OpPlaceVoters: {directory: true}, OpRaiseVersion: {directory: true},
}

// mayForward tells whether a group's leader takes the command from other nodes. One of the other
// kind of group would stop every replica.
func mayForward(group int, op Op) bool {
	f := forwardable[op]
	return group == 0 && f.directory || group > 0 && f.shards
}

// batch is what a leader was handed.
type batch struct {
	group    int
	requests []*Request
	budgets  []time.Duration
}

// appendBatch writes the head of a batch of these commands; they follow.
func appendBatch(buf []byte, group int, budgets []time.Duration) []byte {
	buf = le32(le16(buf, uint16(group)), uint32(len(budgets)))
	for _, d := range budgets {
		buf = le32(buf, uint32(min(max(d, time.Millisecond), forwardedAtAll)/time.Millisecond))
	}
	return buf
}

// readBatch reads a batch into requests of their own; what their byte slices point to is body.
func readBatch(body []byte) (*batch, error) {
	if len(body) < batchHeader {
		return nil, fmt.Errorf("%w: %d bytes", errBadBatch, len(body))
	}
	b := &batch{group: int(binary.LittleEndian.Uint16(body))}
	n := binary.LittleEndian.Uint32(body[2:])
	rd := entryReader{buf: body[batchHeader:], left: n, head: entryHead{Count: n}}
	if n == 0 || n > batchCommands || uint64(len(rd.buf)) < uint64(n)*5 {
		return nil, fmt.Errorf("%w: %d commands in %d bytes", errBadBatch, n, len(body))
	}
	for range n {
		d := time.Duration(rd.u32()) * time.Millisecond
		if d == 0 || d > forwardedAtAll {
			return nil, fmt.Errorf("%w: a command with %v left", errBadBatch, d)
		}
		b.budgets = append(b.budgets, d)
	}
	b.requests = make([]*Request, 0, n)
	for {
		r := NewRequest()
		if !rd.next(&r.Cmd) {
			r.Free()
			break
		}
		r.own()
		b.requests = append(b.requests, r)
		if !mayForward(b.group, r.Cmd.Op) || !r.Cmd.fits() {
			rd.fail("command %d of group %d is not one to hand on", r.Cmd.Op, b.group)
			break
		}
	}
	if rd.err != nil {
		b.free()
		return nil, fmt.Errorf("%w: %w", errBadBatch, rd.err)
	}
	return b, nil
}

func (b *batch) free() {
	for _, r := range b.requests {
		r.Free()
	}
}

// own copies what the command has in its reader's rooms.
func (r *Request) own() {
	c := &r.Cmd
	if c.Op == OpHold || c.Op == OpHoldMarked {
		c.Hold.Seats = append(r.Seats(len(c.Hold.Seats))[:0], c.Hold.Seats...)
	}
	c.Block.Seats = slices.Clone(c.Block.Seats)
	if c.Claim != nil {
		claim := *c.Claim // its items' lists are their own, see item
		claim.Items = slices.Clone(claim.Items)
		c.Claim = &claim
	}
	if c.Join != nil {
		c.Join = cloneJoin(c.Join)
	}
}

// appendAnswer writes what became of one command.
func appendAnswer(buf []byte, res *Result, err error) []byte {
	if err == nil && res.Err != nil && errorNumber(res.Err) == 0 {
		// It cannot be told as what it is, and what is told must not be wrong.
		err = &OutcomeError{OutcomeUnknown, res.Err}
	}
	if err != nil {
		return appendError(append(buf, answerNot), err)
	}
	return appendResult(append(buf, answerDecided), res)
}

// answerReader gives the answers to a batch one by one.
type answerReader struct {
	index uint64
	rd    entryReader
}

func (a *answerReader) open(reply []byte, commands int) error {
	if len(reply) < answerHeader {
		return fmt.Errorf("%w: %d bytes", errBadAnswer, len(reply))
	}
	a.index = binary.LittleEndian.Uint64(reply)
	n := binary.LittleEndian.Uint32(reply[8:])
	if int64(n) != int64(commands) {
		return fmt.Errorf("%w: %d answers to %d commands", errBadAnswer, n, commands)
	}
	a.rd = entryReader{buf: reply[answerHeader:], left: n, head: entryHead{Count: n}}
	return nil
}

// next reads the answer to the next command: its result, or the error it was told. bad is an
// answer that cannot be read, and none can after it.
func (a *answerReader) next(out *Result) (told, bad error) {
	rd := &a.rd
	rd.left--
	switch kind := rd.u8(); {
	case rd.err != nil:
	case kind == answerDecided:
		rd.result(out)
	case kind == answerNot:
		var rest []byte
		told, rest, bad = readError(rd.buf)
		if bad != nil {
			rd.fail("%v", bad)
			break
		}
		rd.buf = rest
	default:
		rd.fail("an answer of kind %d", kind)
	}
	if rd.err != nil {
		return nil, fmt.Errorf("%w: %w", errBadAnswer, rd.err)
	}
	return told, nil
}

func (a *answerReader) end() error {
	if len(a.rd.buf) != 0 {
		return fmt.Errorf("%w: %d bytes behind the last one", errBadAnswer, len(a.rd.buf))
	}
	return nil
}
