package engine

import (
	"crypto/rand"
	"fmt"
	"path/filepath"

	"github.com/usherhq/usher/raftfsm"
)

// membership is the part of a folder's identity that is about its cluster.
type membership struct {
	Cluster     raftfsm.ID128    `json:"cluster"`
	Incarnation raftfsm.ID128    `json:"incarnation"`
	Voters      int              `json:"voters"`
	Founders    []raftfsm.Member `json:"founders,omitempty"`
	// Used: the groups have been opened. One that is missing later was lost.
	Used bool `json:"used"`
}

// loadMember is loadIdentity for a node of a cluster. A folder of a node that was alone so far
// becomes the first of a cluster, under the id that it has.
func loadMember(cfg *Config) (*identity, error) {
	alone := *cfg
	alone.Replicas = 0
	id, err := loadIdentity(&alone)
	if err != nil {
		return nil, err
	}
	if len(id.NodeIDs) > 1 {
		return nil, &InvalidError{"Cluster", fmt.Sprintf("%s holds %d replicas of one process, which stay there", cfg.Dir, len(id.NodeIDs))}
	}
	c := cfg.Cluster
	voters := c.Voters
	if voters == 0 {
		voters = 3
	}
	switch {
	case id.Member != nil && id.Member.Cluster.IsZero() && (c.NodeID != "" && c.NodeID != id.NodeIDs[0] || id.Member.Voters != voters):
		// It has never been let in: nobody knows it under the name that it had.
		return freshMember(cfg, id, voters)
	case id.Member != nil:
		if c.NodeID != "" && c.NodeID != id.NodeIDs[0] {
			return nil, &InvalidError{"Cluster.NodeID", fmt.Sprintf("%s belongs to node %q, not %q", cfg.Dir, id.NodeIDs[0], c.NodeID)}
		}
		if c.Voters != 0 && c.Voters != id.Member.Voters {
			return nil, &InvalidError{"Cluster.Voters", fmt.Sprintf("the cluster was founded with %d, %d were asked for", id.Member.Voters, c.Voters)}
		}
		return id, nil
	case hasData(cfg.Dir):
		return id, convert(cfg, id, voters)
	}
	return freshMember(cfg, id, voters)
}

// freshMember makes the identity of a node that is of no cluster yet.
func freshMember(cfg *Config, id *identity, voters int) (*identity, error) {
	if cfg.Cluster.NodeID != "" {
		id.NodeIDs = []string{cfg.Cluster.NodeID}
	}
	id.Member = &membership{Voters: voters}
	if _, err := rand.Read(id.Member.Incarnation[:]); err != nil {
		return nil, err
	}
	return id, saveIdentity(id, filepath.Join(cfg.Dir, identityFile))
}

// convert makes a lone node's folder that of the first node of a cluster.
func convert(cfg *Config, id *identity, voters int) error {
	c := cfg.Cluster
	if c.NodeID != "" && c.NodeID != id.NodeIDs[0] {
		return &InvalidError{"Cluster.NodeID", fmt.Sprintf("%s was made by node %q, whose id it keeps; %q was asked for", cfg.Dir, id.NodeIDs[0], c.NodeID)}
	}
	if c.BootstrapExpect > 1 {
		return &InvalidError{"Cluster.BootstrapExpect", fmt.Sprintf("%s has data already: it is the first node of a cluster, which others join; %d are to found one", cfg.Dir, c.BootstrapExpect)}
	}
	m := &membership{Voters: voters, Used: true}
	if _, err := rand.Read(m.Incarnation[:]); err != nil {
		return err
	}
	if _, err := rand.Read(m.Cluster[:]); err != nil {
		return err
	}
	m.Founders = []raftfsm.Member{{NodeID: id.NodeIDs[0], Incarnation: m.Incarnation, Version: raftfsm.ClusterVersion, State: raftfsm.MemberActive}}
	id.Member = m
	return saveIdentity(id, filepath.Join(cfg.Dir, identityFile))
}
