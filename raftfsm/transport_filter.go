package raftfsm

import (
	"errors"
	"fmt"

	"github.com/hashicorp/raft"
)

// maxAppendEntries is the most that raft.ValidateConfig lets a leader send at once.
const maxAppendEntries = 1024

var errMalformed = errors.New("raftfsm: malformed RPC")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %w", errMalformed, fmt.Errorf(format, args...))
}

// checkAppend says whether Raft can take the request: it panics on a nil entry, an unknown type
// and a configuration that does not decode, and it stores whatever else it is given, to fall over it
// at the next start.
func checkAppend(req *raft.AppendEntriesRequest, maxBytes int, check func([]byte) error) error {
	if len(req.Entries) > maxAppendEntries {
		return malformed("%d entries, at most %d", len(req.Entries), maxAppendEntries)
	}
	if req.PrevLogEntry == 0 && req.PrevLogTerm != 0 {
		return malformed("entry 0 of term %d", req.PrevLogTerm)
	}
	index, term := req.PrevLogEntry, max(req.PrevLogTerm, 1)
	for i, l := range req.Entries {
		if l == nil {
			return malformed("entry %d of %d is nil", i, len(req.Entries))
		}
		index++
		if l.Index != index || index == 0 {
			return malformed("index %d where %d follows", l.Index, index)
		}
		if l.Term < term || l.Term > req.Term {
			return malformed("entry %d of term %d, between %d and the leader's %d", l.Index, l.Term, term, req.Term)
		}
		term = l.Term
		if err := checkEntry(l, maxBytes, check); err != nil {
			return malformed("entry %d: %w", l.Index, err)
		}
	}
	return nil
}

func checkEntry(l *raft.Log, maxBytes int, check func([]byte) error) error {
	if len(l.Data) > maxBytes {
		return fmt.Errorf("%d bytes of data, at most %d", len(l.Data), maxBytes)
	}
	if len(l.Extensions) > 0 {
		if err := checkSeal(l); err != nil {
			return err
		}
	}
	switch l.Type {
	case raft.LogCommand:
		if check != nil {
			return check(l.Data)
		}
	case raft.LogConfiguration:
		return checkConfiguration(l.Data)
	case raft.LogNoop, raft.LogBarrier:
	default:
		// The two peer types of protocol 1 as well: no node of ours writes them, and one whose
		// data does not decode would be stored and keep the group from opening.
		return fmt.Errorf("log type %d", l.Type)
	}
	return nil
}

func checkInstall(req *raft.InstallSnapshotRequest) error {
	switch {
	case req.SnapshotVersion != raft.SnapshotVersionMax:
		return malformed("snapshot version %d", req.SnapshotVersion)
	case req.Size < 0:
		return malformed("snapshot of %d bytes", req.Size)
	case req.LastLogIndex == 0 || req.LastLogTerm == 0 || req.LastLogTerm > req.Term:
		return malformed("snapshot at entry %d of term %d, from a leader of term %d", req.LastLogIndex, req.LastLogTerm, req.Term)
	case req.ConfigurationIndex > req.LastLogIndex:
		return malformed("configuration of entry %d in a snapshot at %d", req.ConfigurationIndex, req.LastLogIndex)
	}
	if err := checkConfiguration(req.Configuration); err != nil {
		return malformed("snapshot: %w", err)
	}
	return nil
}

// checkConfiguration applies Raft's own rules for a configuration; Raft applies them only to the
// changes that it is asked for.
func checkConfiguration(raw []byte) error {
	c, err := decodeConfiguration(raw)
	if err != nil {
		return err
	}
	ids := map[raft.ServerID]bool{}
	addrs := map[raft.ServerAddress]bool{}
	voters := 0
	for _, s := range c.Servers {
		switch {
		case s.ID == "" || s.Address == "":
			return errors.New("configuration with a server without id or address")
		case ids[s.ID] || addrs[s.Address]:
			return fmt.Errorf("configuration with server %q twice", s.ID)
		case s.Suffrage < raft.Voter || s.Suffrage > raft.Staging:
			return fmt.Errorf("configuration with suffrage %d", int(s.Suffrage))
		case s.Suffrage == raft.Voter:
			voters++
		}
		ids[s.ID], addrs[s.Address] = true, true
	}
	if voters == 0 {
		return errors.New("configuration without a voter")
	}
	return nil
}

// decodeConfiguration is raft.DecodeConfiguration, which panics, with an error.
func decodeConfiguration(raw []byte) (c raft.Configuration, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("configuration: %v", p)
		}
	}()
	return raft.DecodeConfiguration(raw), nil
}
