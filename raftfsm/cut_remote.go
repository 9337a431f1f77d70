package raftfsm

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// A cut of groups that other nodes lead: they are asked to stand still, and what is frozen is the
// replica here, once it has their last entry: as every node has a replica of every group, no state
// has to travel.

// pauseCall is what a coordinator asks of a group's leader.
type pauseCall struct {
	Group int
	Verb  string // pause, mark, held, resume
	Lease time.Duration
	Term  uint64 // mark, held, resume: of the pause
}

// pauseReply is where the group stands still.
type pauseReply struct {
	Term  uint64
	Index uint64 // mark: of an entry that everything is before
}

// pauses are those that other nodes have asked for.
type pauses struct {
	mu   sync.Mutex
	held map[int]*Pause // by group
}

func (s *pauses) get(group int, term uint64) (*Pause, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.held[group]
	if p == nil || p.term != term || !p.held() {
		return nil, fmt.Errorf("group %d: %w", group, ErrPauseEnded)
	}
	return p, nil
}

func (s *pauses) put(group int, p *Pause) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		s.held = make(map[int]*Pause)
	}
	s.held[group] = p
}

func (n *Node) answerPause(ctx context.Context, _ string, c pauseCall) (any, error) {
	g, err := n.groupCalled(c.Group)
	if err != nil {
		return nil, err
	}
	if c.Verb == "pause" {
		p, err := g.Pause(ctx, min(c.Lease, cutLease))
		if err != nil {
			return nil, err
		}
		n.pauses.put(c.Group, p)
		return pauseReply{Term: p.term}, nil
	}
	p, err := n.pauses.get(c.Group, c.Term)
	if err != nil {
		return nil, err
	}
	r := pauseReply{Term: p.term}
	switch c.Verb {
	case "mark":
		r.Index, err = p.tick(ctx)
	case "held":
		if p.g.Term() != p.term || !p.g.IsLeader() {
			err = fmt.Errorf("group %d: %w", c.Group, ErrPauseEnded)
		}
	case "resume":
		p.Resume()
	default:
		err = fmt.Errorf("usher: a pause knows no %q", c.Verb)
	}
	return r, err
}

// Cut is a group as it is led now, here or on another node.
func (n *Node) Cut(group int) (CutGroup, error) {
	g := n.Group(group)
	if g.IsLeader() {
		return g.CutHere(), nil
	}
	leader := g.Leader()
	if leader == "" {
		return nil, fmt.Errorf("%w: group %d has no leader", ErrNoQuorum, group)
	}
	return &remoteCut{g: g, leader: leader}, nil
}

type remoteCut struct {
	g      *Group
	leader string
	term   uint64 // of the pause; 0: there is none
}

func (c *remoteCut) ask(ctx context.Context, verb string, lease time.Duration) (r pauseReply, err error) {
	q := pauseCall{Group: c.g.no, Verb: verb, Lease: lease, Term: c.term}
	if err := c.g.node.ask(ctx, c.leader, callPause, q, &r); err != nil {
		return r, fmt.Errorf("group %d, led by %q: %w", c.g.no, c.leader, err)
	}
	return r, nil
}

func (c *remoteCut) Pause(ctx context.Context, lease time.Duration) error {
	r, err := c.ask(ctx, "pause", lease)
	c.term = r.Term
	return err
}

// Open freezes this node's replica when it has the leader's last entry. Whether the pause still
// lasts is asked after: then nothing has come behind that entry.
func (c *remoteCut) Open(ctx context.Context) (io.ReadCloser, GroupManifest, error) {
	z, err := c.freeze(ctx)
	if err != nil {
		return nil, GroupManifest{}, err
	}
	return z.Stream(), z.GroupManifest, nil
}

func (c *remoteCut) freeze(ctx context.Context) (*Frozen, error) {
	r, err := c.ask(ctx, "mark", 0)
	if err != nil {
		return nil, err
	}
	if err := c.g.WaitApplied(ctx, r.Index); err != nil {
		return nil, err
	}
	z, err := c.g.fsm.freezeAt(r.Index)
	if err != nil {
		return nil, fmt.Errorf("group %d: %w", c.g.no, err)
	}
	if _, err := c.ask(ctx, "held", 0); err != nil {
		return nil, err
	}
	z.Group, z.Term = c.g.no, c.term
	return z, nil
}

// resumeWait bounds the word to a leader that may be gone: its pause ends by itself.
const resumeWait = 2 * time.Second

func (c *remoteCut) Resume() {
	if c.term == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), resumeWait)
	defer cancel()
	if _, err := c.ask(ctx, "resume", 0); err != nil {
		c.g.node.cfg.Logger.Debug("usher: a group is let go on by its lease", "err", err)
	}
}
