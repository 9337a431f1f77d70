package raftfsm

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/usherhq/usher/raftfsm/peer"
)

// The kinds of calls between nodes. Numbers are given once; 0 is taken by package peer.
const (
	callForward    = 1 // commands, see forward.go
	callReadIndex  = 2
	callWho        = 16 // who is there; anybody with a certificate may ask
	callJoin       = 17 // let me in; likewise
	callStatus     = 18
	callTransfer   = 19
	callDigest     = 20 // see checksum_call.go
	callQuarantine = 21
	callPause      = 22
)

// wireErrors is how the errors of calls travel, see error_wire.go.
type wireErrors struct{}

var _ peer.Errors = wireErrors{}

func (wireErrors) AppendError(buf []byte, err error) []byte { return appendError(buf, err) }

func (wireErrors) ReadError(b []byte) (told error, rest []byte, err error) { return readError(b) }

func (wireErrors) Overload() error { return &OutcomeError{OutcomeNotApplied, ErrOverload} }

// ask calls a node with a question and reads its answer, both as JSON; a nil question says nothing,
// and a nil answer wants none. Commands and indexes, of which there are many, go without JSON.
func (n *Node) ask(ctx context.Context, id string, kind uint8, question, answer any) error {
	var body []byte
	var err error
	if question != nil {
		if body, err = json.Marshal(question); err != nil {
			return err
		}
	}
	raw, err := n.calls.Call(ctx, id, kind, body)
	if err != nil || answer == nil {
		return err
	}
	if err := json.Unmarshal(raw, answer); err != nil {
		return fmt.Errorf("usher: the answer of node %q: %w", id, err)
	}
	return nil
}

// answering is the other end of ask: h is given the question, and gives the answer; nil is none.
func answering[Q any](h func(ctx context.Context, from string, question Q) (any, error)) peer.Handler {
	return func(ctx context.Context, from string, body []byte) ([]byte, error) {
		var q Q
		if err := json.Unmarshal(body, &q); err != nil {
			return nil, fmt.Errorf("usher: a question of node %q: %w", from, err)
		}
		a, err := h(ctx, from, q)
		if err != nil || a == nil {
			return nil, err
		}
		return json.Marshal(a)
	}
}

// groupCalled is the group that a question is about.
func (n *Node) groupCalled(no int) (*Group, error) {
	if no < 0 || no >= len(n.groups) {
		return nil, fmt.Errorf("usher: there is no group %d, they are 0…%d", no, len(n.groups)-1)
	}
	return n.groups[no], nil
}
