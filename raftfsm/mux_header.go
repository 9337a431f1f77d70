package raftfsm

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
	muxMagic     = "USHR"
	muxVersion   = 2
	muxHeaderLen = 8
	muxNodeIDLen = 64

	muxRaft = 1 // one group's Raft RPCs
	muxCall = 2 // calls between nodes, see peers
)

var errMuxHeader = errors.New("raftfsm: not a peer's connection")

// muxRoute is where a connection goes.
type muxRoute struct {
	kind  uint8
	group uint16
}

// peerIdentity is who a node is to its peers. A node that has not joined a cluster yet has a zero
// Cluster.
type peerIdentity struct {
	Cluster     [16]byte
	Incarnation [16]byte // of the node's data folder: a wiped node has another
	Node        string
}

// muxHello is what stands before all else on a connection.
type muxHello struct {
	route muxRoute
	from  peerIdentity
	to    string // the node that is called; empty when the caller asks who is there
}

func muxHeader(h *muxHello) []byte {
	b := append([]byte(muxMagic), muxVersion, h.route.kind)
	b = binary.BigEndian.AppendUint16(b, h.route.group)
	b = append(b, h.from.Cluster[:]...)
	b = append(append(b, byte(len(h.from.Node))), h.from.Node...)
	b = append(append(b, byte(len(h.to))), h.to...)
	return append(b, h.from.Incarnation[:]...)
}

// readMuxHeader reads exactly the header's bytes.
func readMuxHeader(r io.Reader) (h muxHello, err error) {
	var b [muxHeaderLen]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return h, fmt.Errorf("%w: %w", errMuxHeader, err)
	}
	if string(b[:4]) != muxMagic {
		return h, fmt.Errorf("%w: it begins with %q", errMuxHeader, b[:4])
	}
	if b[4] != muxVersion {
		return h, fmt.Errorf("%w: version %d, this node speaks %d", errMuxHeader, b[4], muxVersion)
	}
	h.route = muxRoute{kind: b[5], group: binary.BigEndian.Uint16(b[6:])}
	if _, err := io.ReadFull(r, h.from.Cluster[:]); err != nil {
		return h, fmt.Errorf("%w: cluster id: %w", errMuxHeader, err)
	}
	if h.from.Node, err = readNodeID(r); err != nil {
		return h, fmt.Errorf("%w: caller's node id: %w", errMuxHeader, err)
	}
	if h.to, err = readNodeID(r); err != nil {
		return h, fmt.Errorf("%w: called node's id: %w", errMuxHeader, err)
	}
	if _, err := io.ReadFull(r, h.from.Incarnation[:]); err != nil {
		return h, fmt.Errorf("%w: incarnation: %w", errMuxHeader, err)
	}
	return h, nil
}

func readNodeID(r io.Reader) (string, error) {
	var b [1 + muxNodeIDLen]byte
	if _, err := io.ReadFull(r, b[:1]); err != nil {
		return "", err
	}
	if b[0] > muxNodeIDLen {
		return "", fmt.Errorf("%d bytes, at most %d are possible", b[0], muxNodeIDLen)
	}
	id := b[1 : 1+b[0]]
	_, err := io.ReadFull(r, id)
	return string(id), err
}
