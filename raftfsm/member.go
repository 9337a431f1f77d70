package raftfsm

import (
	"encoding/hex"
	"errors"
)

// What the directory says of nodes.
var (
	// ErrNodeWiped: the id belongs to another data folder. Who lost its data may have
	// acknowledged what it has forgotten: it comes back under another id.
	ErrNodeWiped = errors.New("usher: the node id belongs to another data folder, which this one cannot stand for: give the node a new id")
	// ErrNodeRemoved: the node was taken out of the cluster for good.
	ErrNodeRemoved = errors.New("usher: the node was removed from the cluster")
	ErrUnknownNode = errors.New("usher: no such node")
	// ErrConflict: what the change was made from is no longer so; look again.
	ErrConflict = errors.New("usher: it has changed meanwhile")
)

// ID128 is a random name: of a cluster, or of a node's data folder.
type ID128 [16]byte

func (id ID128) String() string { return hex.EncodeToString(id[:]) }

// IsZero tells whether it was never given.
func (id ID128) IsZero() bool { return id == ID128{} }

// MarshalText writes it in hexadecimal.
func (id ID128) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (id *ID128) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	if err != nil || len(b) != len(id) && len(b) != 0 {
		return errors.New("an id has 32 hexadecimal digits")
	}
	copy(id[:], b)
	return nil
}

// MemberState is what the cluster makes of a node. It only goes forward, except that
// draining can be taken back.
type MemberState uint8

// The states of a member.
const (
	MemberActive   MemberState = 1
	MemberDraining MemberState = 2 // serves, but votes and leads no more
	MemberRemoved  MemberState = 3 // for good: its id is never used again
)

func (s MemberState) String() string {
	switch s {
	case MemberActive:
		return "active"
	case MemberDraining:
		return "draining"
	case MemberRemoved:
		return "removed"
	}
	return "unknown"
}

// Member is a node as the directory knows it. It is never written in place.
type Member struct {
	NodeID      string
	Incarnation ID128  // of its data folder
	Addr        string // where other nodes reach it: HOST:PORT
	API         string // where clients reach it, for people; may be empty
	Zone        string // what fails together; may be empty
	ReadReplica bool   // never votes
	Version     uint32 // the highest cluster version that its program can
	State       MemberState
	Urgent      bool  // its share of voters moves also where seats are being sold
	Since       int64 // unix ms of log time: when it joined
}

// Found makes the cluster: its name, its first members, and how many nodes vote in a
// group. It is the cluster's first entry, and counts once.
type Found struct {
	Cluster ID128
	Voters  uint16
	Members []Member
}

// PutMember enters a node, or what has changed about it. It is the node's own word, so it
// leaves its state as it is.
type PutMember struct{ Member Member }

// SetMember is an operator's word about a node.
type SetMember struct {
	NodeID string
	State  MemberState
	Urgent bool
}

// PlaceVoters says who is to vote in a group from now on; Was is who was, when that was
// thought of.
type PlaceVoters struct {
	Group  uint16
	Voters []string
	Was    []string
}

// RaiseVersion sets the cluster's version: from here on entries may hold what programs of
// that version can read.
type RaiseVersion struct{ Version uint32 }

const (
	maxMembers  = 256
	maxAddrLen  = 255
	maxVoters   = 9
	maxNodeName = 64
)

func (m *Member) sound() bool {
	return m.NodeID != "" && len(m.NodeID) <= maxNodeName && len(m.Addr) <= maxAddrLen && len(m.API) <= maxAddrLen && len(m.Zone) <= maxNodeName
}
