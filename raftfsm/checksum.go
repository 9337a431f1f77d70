package raftfsm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	checksumEvery = time.Minute
	// checksumVersion is the cluster version that knows OpChecksum.
	checksumVersion = 2
	// digestRounds and digestPause: how often, and how long apart, a replica is asked that has
	// not got to the entry yet, or does not answer.
	digestRounds = 8
	digestPause  = 500 * time.Millisecond
	// tellRounds is how often a replica that differs is told so.
	tellRounds = 3
)

// reads tells whether all nodes read what came with a version of the cluster's. The replicas of
// one process are all of one program.
func (n *Node) reads(v uint32) bool {
	if n.cfg.Cluster == nil {
		return true
	}
	var version uint32
	err := n.Group(0).ViewDirectory(func(d *Directory) { version = d.ClusterVersion() })
	return err == nil && version >= v
}

// checksums has the leader compare all replicas now and then: an entry goes through the log
// that has each of them note its digest, and then they are asked for it. The groups of a node
// take turns within the interval.
func (g *Group) checksums() {
	every := g.node.cfg.ChecksumEvery
	if every < 0 || !sleep(g.ctx, every*time.Duration(g.no)/time.Duration(g.node.cfg.Groups+1)) {
		return
	}
	var compared uint64 // the entry that they were last compared at, by this replica
	for sleep(g.ctx, every) {
		if !g.comparable(compared) {
			continue
		}
		index, err := g.compare(g.ctx)
		if err == nil {
			compared = index
		} else if g.ctx.Err() == nil {
			g.metrics.checksum(checksumFailed)
			g.warn(fmt.Errorf("comparing the replicas: %w", err))
		}
	}
}

// comparable tells whether there is anything to compare, and this replica is to do it.
func (g *Group) comparable(compared uint64) bool {
	if !g.IsLeader() || !g.ready.Load() || g.Applied() == compared || g.fsm.haltedErr() != nil || !g.node.reads(checksumVersion) {
		return false
	}
	have, err := g.servers()
	return err == nil && len(have.voters)+len(have.others) > 1
}

// compare compares all replicas at a new entry, which it returns, and has those go that
// differ. After an error it is to be done again.
func (g *Group) compare(ctx context.Context) (uint64, error) {
	have, err := g.servers()
	if err != nil {
		return 0, err
	}
	if _, err := g.tick(Command{Op: OpChecksum}); err != nil {
		if errors.Is(err, ErrNotLeader) {
			return 0, nil // somebody else's to do
		}
		return 0, err
	}
	at, ok := g.fsm.notes.newest()
	if !ok {
		return 0, errors.New("no digest was noted")
	}
	all := slices.Concat(have.voters, have.others)
	answers := g.askDigests(ctx, at.Index, all)
	answers[g.node.cfg.NodeID] = at.Digest
	v := judge(have.voters, answers)
	g.metrics.checksum(v.result)
	g.node.cfg.Logger.Debug("usher: replicas compared", "group", g.no, "index", at.Index, "digest", at.Digest, "result", v.result,
		"not_asked", missing(all, answers))
	return at.Index, g.sentence(ctx, at.Index, v, answers)
}

func missing(all []string, answers map[string]Digest) (out []string) {
	for _, id := range all {
		if _, ok := answers[id]; !ok {
			out = append(out, id)
		}
	}
	return out
}

// askDigests asks all other replicas for their digest at an entry. Who does not answer, or has
// no digest of that entry, is left out.
func (g *Group) askDigests(ctx context.Context, index uint64, all []string) map[string]Digest {
	var mu sync.Mutex
	var wg sync.WaitGroup
	out := make(map[string]Digest)
	for _, id := range all {
		if id == g.node.cfg.NodeID {
			continue
		}
		wg.Go(func() {
			if d, ok := g.askDigest(ctx, id, index); ok {
				mu.Lock()
				defer mu.Unlock()
				out[id] = d
			}
		})
	}
	wg.Wait()
	return out
}

func (g *Group) askDigest(ctx context.Context, id string, index uint64) (Digest, bool) {
	for round := range digestRounds {
		if round > 0 && !sleep(ctx, digestPause) {
			return 0, false
		}
		a, err := g.digestOf(ctx, id, index)
		switch {
		case err != nil && errors.Is(err, ErrHalted):
			return 0, false // nothing it says may be believed
		case err != nil:
			continue
		case a.Known:
			return a.Digest, true
		case a.Applied >= index:
			return 0, false // a snapshot brought it there, or it was asked too late
		}
	}
	return 0, false
}

func (g *Group) digestOf(ctx context.Context, id string, index uint64) (a digestAnswer, err error) {
	ctx, cancel := context.WithTimeout(ctx, statusWait)
	defer cancel()
	err = g.node.ask(ctx, id, callDigest, digestCall{Group: g.no, Index: index}, &a)
	return a, err
}

// sentence carries out a verdict. This replica stops first, if it is to: what it answers from
// here on may be wrong.
func (g *Group) sentence(ctx context.Context, index uint64, v verdict, answers map[string]Digest) error {
	if len(v.wrong) == 0 {
		return nil
	}
	log := g.node.cfg.Logger
	var majority *Digest
	if v.result == checksumDiverged {
		majority = &v.right
		log.Error("usher: replicas have diverged: those in the minority leave", "group", g.no, "index", index, "majority", v.right, "leave", v.wrong)
	} else {
		log.Error("usher: replicas have diverged and no majority is right: the group stops, people have to decide", "group", g.no, "index", index, "digests", answers)
	}
	own := slices.Contains(v.wrong, g.node.cfg.NodeID)
	if own {
		g.halt(divergence(index, answers[g.node.cfg.NodeID], majority))
	}
	errs := make([]error, len(v.wrong))
	var wg sync.WaitGroup
	for i, id := range v.wrong {
		if id != g.node.cfg.NodeID {
			wg.Go(func() {
				errs[i] = g.tellDiverged(ctx, id, quarantineCall{Group: g.no, Index: index, Digest: answers[id], Majority: majority})
			})
		}
	}
	wg.Wait()
	if own {
		errs = append(errs, g.leave(index, answers[g.node.cfg.NodeID], majority))
	}
	return errors.Join(errs...)
}

func (g *Group) tellDiverged(ctx context.Context, id string, q quarantineCall) (err error) {
	for round := range tellRounds {
		if round > 0 && !sleep(ctx, digestPause) {
			break
		}
		once, cancel := context.WithTimeout(ctx, statusWait)
		err = g.node.ask(once, id, callQuarantine, q, nil)
		cancel()
		if err == nil || errors.Is(err, ErrHalted) {
			return nil
		}
	}
	return fmt.Errorf("telling node %q that it has diverged: %w", id, err)
}
