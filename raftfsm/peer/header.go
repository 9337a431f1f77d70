package peer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A connection begins with what its caller says of itself: "USHR", version, kind, group (2 bytes,
// big endian), cluster id (16), the caller's node id and the one it calls (each a byte of length
// and 0…64 bytes), the caller's incarnation (16).
const (
	magic     = "USHR"
	version   = 2
	headerLen = 8
	maxNodeID = 64

	kindRaft  = 1 // one group's Raft RPCs
	kindCalls = 2 // calls between nodes, see Calls
)

var errHeader = errors.New("raftfsm: not a peer's connection")

// route is where a connection goes.
type route struct {
	kind  uint8
	group uint16
}

// Identity is who a node is to its peers. A node that has not joined a cluster yet has a zero
// Cluster.
type Identity struct {
	Cluster     [16]byte
	Incarnation [16]byte // of the node's data folder: a wiped node has another
	Node        string
}

// hello is what stands before all else on a connection.
type hello struct {
	route route
	from  Identity
	to    string // the node that is called; empty when the caller asks who is there
}

func headerOf(h *hello) []byte {
	b := append([]byte(magic), version, h.route.kind)
	b = binary.BigEndian.AppendUint16(b, h.route.group)
	b = append(b, h.from.Cluster[:]...)
	b = append(append(b, byte(len(h.from.Node))), h.from.Node...)
	b = append(append(b, byte(len(h.to))), h.to...)
	return append(b, h.from.Incarnation[:]...)
}

// readHeader reads exactly the header's bytes.
func readHeader(r io.Reader) (h hello, err error) {
	var b [headerLen]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return h, fmt.Errorf("%w: %w", errHeader, err)
	}
	if string(b[:4]) != magic {
		return h, fmt.Errorf("%w: it begins with %q", errHeader, b[:4])
	}
	if b[4] != version {
		return h, fmt.Errorf("%w: version %d, this node speaks %d", errHeader, b[4], version)
	}
	h.route = route{kind: b[5], group: binary.BigEndian.Uint16(b[6:])}
	if _, err := io.ReadFull(r, h.from.Cluster[:]); err != nil {
		return h, fmt.Errorf("%w: cluster id: %w", errHeader, err)
	}
	if h.from.Node, err = readNodeID(r); err != nil {
		return h, fmt.Errorf("%w: caller's node id: %w", errHeader, err)
	}
	if h.to, err = readNodeID(r); err != nil {
		return h, fmt.Errorf("%w: called node's id: %w", errHeader, err)
	}
	if _, err := io.ReadFull(r, h.from.Incarnation[:]); err != nil {
		return h, fmt.Errorf("%w: incarnation: %w", errHeader, err)
	}
	return h, nil
}

func readNodeID(r io.Reader) (string, error) {
	var b [1 + maxNodeID]byte
	if _, err := io.ReadFull(r, b[:1]); err != nil {
		return "", err
	}
	if b[0] > maxNodeID {
		return "", fmt.Errorf("%d bytes, at most %d are possible", b[0], maxNodeID)
	}
	id := b[1 : 1+b[0]]
	_, err := io.ReadFull(r, id)
	return string(id), err
}
