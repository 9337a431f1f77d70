package raftfsm

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// quarantineFile stands in the data folder of a node that has diverged. Nothing takes it away: such
// a folder is not used again.
const quarantineFile = "QUARANTINE"

// quarantine is what that file says, for people.
type quarantine struct {
	NodeID   string    `json:"node_id"`
	Group    int       `json:"group"`
	Index    uint64    `json:"index"` // the entry that the digests are of
	Digest   Digest    `json:"digest"`
	Majority Digest    `json:"majority"`
	Time     time.Time `json:"time"`
}

// divergence is what a replica that has diverged answers from then on.
func divergence(index uint64, own Digest, majority *Digest) error {
	if majority == nil {
		return fmt.Errorf("%w: %w: at entry %d, where this one has digest %s, and no majority is right", ErrHalted, ErrDiverged, index, own)
	}
	return fmt.Errorf("%w: %w: at entry %d this one has digest %s, the majority %s", ErrHalted, ErrDiverged, index, own, *majority)
}

// halt has this replica say nothing more, to clients and to other replicas, at once; false when
// it had stopped before. The node goes on.
func (g *Group) halt(err error) bool {
	if !g.fsm.haltQuietly(err) {
		return false
	}
	g.trans.fence(err)
	g.proposer.fail(err)
	return true
}

// leave is what comes after halt: a replica that the majority is against takes its node with it,
// and keeps it from coming back. Without a majority the node's other groups go on; replicas of
// one process end with each other, as they always do.
func (g *Group) leave(index uint64, own Digest, majority *Digest) error {
	end := g.fsm.haltedErr()
	if majority == nil {
		if g.node.cfg.Cluster == nil {
			g.fail(end)
		}
		return nil
	}
	err := writeQuarantine(g.node.cfg.Dir, quarantine{
		NodeID: g.node.cfg.NodeID, Group: g.no, Index: index, Digest: own, Majority: *majority, Time: g.node.cfg.Clock.Wall().UTC(),
	})
	if err != nil {
		err = fmt.Errorf("group %d: its folder could not be marked: %w", g.no, err)
	}
	g.fail(errors.Join(end, err))
	return err
}

func writeQuarantine(dir string, q quarantine) error {
	raw, err := json.MarshalIndent(q, "", "  ")
	if err != nil {
		return err
	}
	return replaceFile(filepath.Join(dir, quarantineFile), append(raw, '\n'), true)
}

// refuseQuarantined keeps a folder from being used again whose state was wrong.
func refuseQuarantined(dir string) error {
	path := filepath.Join(dir, quarantineFile)
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("usher: %w", err)
	}
	why := "what it says cannot be read"
	var q quarantine
	if json.Unmarshal(raw, &q) == nil {
		why = fmt.Sprintf("at entry %d of group %d node %q had digest %s, the majority %s", q.Index, q.Group, q.NodeID, q.Digest, q.Majority)
	}
	return fmt.Errorf("%w: %s marks a folder whose state was wrong: %s. Keep a copy for whoever looks into it, "+
		"remove the node from the cluster, and start it with an empty folder under a new id", ErrDiverged, path, why)
}
