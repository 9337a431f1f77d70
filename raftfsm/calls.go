package raftfsm

import "github.com/usherhq/usher/raftfsm/peer"

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
