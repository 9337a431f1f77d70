package engine

import (
	"context"

	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/waitroom"
)

// LeaveQueue gives up a place in line, or ends an admission. Repeating it changes nothing.
// Errors: ErrUnknownTicket, and those of consensus.
func (e *Engine) LeaveQueue(ctx context.Context, ticket string) error {
	room, n, err := e.findTicket(ctx, ticket)
	if err != nil {
		return err
	}
	r := raftfsm.NewRequest()
	r.Cmd.Op, r.Cmd.Leave = raftfsm.OpLeave, waitroom.Leave{Room: room.no, Ticket: n}
	res, err := e.propose(ctx, room.group, r, true)
	if err == nil {
		err = res.Err
	}
	return err
}
