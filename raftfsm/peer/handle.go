package peer

import (
	"context"
	"fmt"
)

// callPing is the kind of calls that are answered without a handler: is anybody there?
const callPing = 0

// Handler answers a call of the node from, with at most MaxReply bytes or an error, which that node
// is told as Errors has it.
type Handler func(ctx context.Context, from string, body []byte) ([]byte, error)

type handler struct {
	open   bool
	handle Handler
	slots  chan struct{} // not nil: bounded by these, and not by the node's and the connection's
}

// Handle says what answers calls of a kind, 1…255, once; it may come after Serve, and until then they
// are refused. h is called on a goroutine of its own, of which there are at most 256 a node and 64 a
// connection; its context ends with the connection or the node. What it is given and returns is
// nobody else's. open calls are answered to nodes of other clusters and of none, too: from is only
// what they call themselves.
func (cs *Calls) Handle(kind uint8, open bool, h Handler) {
	cs.answer(kind, &handler{open: open, handle: h})
}

// HandleMany is Handle for calls of a bound of their own.
func (cs *Calls) HandleMany(kind uint8, atOnce int, h Handler) {
	cs.answer(kind, &handler{handle: h, slots: make(chan struct{}, atOnce)})
}

func (cs *Calls) answer(kind uint8, h *handler) {
	if kind == callPing || !cs.handlers[kind].CompareAndSwap(nil, h) {
		panic(fmt.Sprintf("raftfsm: calls of kind %d have a handler already", kind))
	}
}
