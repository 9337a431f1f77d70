package peer

import "errors"

// What another node may be told of; who encodes errors has a number for each.
var (
	ErrClosed   = errors.New("usher: closed")
	ErrOverload = errors.New("usher: too many requests under way")
	// ErrStranger: a connection, or a call over it, of who does not belong here.
	ErrStranger = errors.New("raftfsm: not for this node")
	// ErrUnknownCall: nothing handles calls of that kind.
	ErrUnknownCall = errors.New("raftfsm: this node does not know such calls")
)

// Errors is how errors travel. Its methods may be called from any goroutine.
type Errors interface {
	// AppendError writes an error, in far less than a frame.
	AppendError(buf []byte, err error) []byte
	// ReadError reads what AppendError wrote, and returns what follows it.
	ReadError(b []byte) (told error, rest []byte, err error)
	// Overload is what the caller of a request is told that no handler has room for. It wraps
	// ErrOverload.
	Overload() error
}
