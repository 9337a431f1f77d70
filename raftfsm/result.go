package raftfsm

import (
	"github.com/usherhq/usher/shard"
	"github.com/usherhq/usher/waitroom"
)

// Result is what became of a command, whichever part of a group's state it was for.
type Result struct {
	shard.Result
	Joined []waitroom.Joined // OpJoin: one for each entrant, in order; new memory, the caller's
}

// refusal is the result of a command that never reached the log.
func refusal(now int64, err error) Result { return Result{Result: shard.Result{Now: now, Err: err}} }
