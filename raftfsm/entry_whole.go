package raftfsm

import (
	"fmt"
	"slices"
)

// EncodeEntry makes an entry of these commands, and DecodeEntry reads one back: the
// codec as a whole, for tools and proofs. The proposer and the fsm go command by command.
func EncodeEntry(stamp int64, cmds []Command) []byte {
	buf := beginEntry(nil)
	for i := range cmds {
		buf = AppendCommand(buf, &cmds[i])
	}
	return endEntry(buf, entryHead{Stamp: stamp, Count: uint32(len(cmds))})
}

// DecodeEntry gives commands that share no memory with each other; what their byte
// slices point to is data. The error wraps ErrBadEntry.
func DecodeEntry(data []byte) (stamp int64, cmds []Command, err error) {
	var r entryReader
	if err := r.open(data); err != nil {
		return 0, nil, err
	}
	for {
		var c Command
		if !r.next(&c) {
			break
		}
		c.Hold.Seats, c.Block.Seats = slices.Clone(c.Hold.Seats), slices.Clone(c.Block.Seats)
		if c.Claim != nil {
			claim := *c.Claim // its items' lists are their own, see item
			claim.Items = slices.Clone(claim.Items)
			c.Claim = &claim
		}
		if c.Join != nil {
			c.Join = cloneJoin(c.Join)
		}
		cmds = append(cmds, c)
	}
	if r.err != nil {
		return 0, nil, fmt.Errorf("%w", r.err)
	}
	return r.head.Stamp, cmds, nil
}
