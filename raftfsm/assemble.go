package raftfsm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// AssembleConfig says how a node without a cluster finds one.
type AssembleConfig struct {
	// Join are addresses of nodes, this one's among them: the same list on every node.
	Join []string
	// Expect is how many nodes found a cluster; 0: none, this one can only join.
	Expect int
	// Report is told now and then what is being waited for; it must not block.
	Report func(string)
}

// assembleEvery is how often the addresses are asked.
const assembleEvery = 500 * time.Millisecond

// Assemble waits until this node is one of a cluster: it joins one that an address of the
// list belongs to, or, when all of the first Expect addresses (in the order of the alphabet,
// so that all nodes choose the same) are nodes that belong to none, founds one with them. Each
// of those comes to the same cluster by itself: its name and its members are made from who
// they are. So no two clusters can come about, whoever starts first, stops or fails: a
// node whose data folder is made anew is another node to the others.
func (p *Port) Assemble(ctx context.Context, cfg AssembleConfig) (Joined, error) {
	if err := cfg.check(); err != nil {
		return Joined{}, err
	}
	last := ""
	for {
		j, why, err := p.assembleOnce(ctx, &cfg)
		if err != nil {
			return Joined{}, err
		}
		if j != nil {
			p.belong(*j)
			return *j, nil
		}
		if why != last && cfg.Report != nil {
			cfg.Report(why)
		}
		last = why
		if !sleep(ctx, assembleEvery) {
			return Joined{}, fmt.Errorf("%w: no cluster yet: %s: %w", ErrStarting, why, ctx.Err())
		}
	}
}

func (c *AssembleConfig) check() error {
	switch {
	case c.Expect == 0 && len(c.Join) == 0:
		return errors.New("usher: a node that founds no cluster needs addresses of one to join")
	case c.Expect < 0 || c.Expect > maxVoters:
		return fmt.Errorf("usher: %d nodes to found a cluster, 1…%d are possible", c.Expect, maxVoters)
	case c.Expect > 1 && len(c.Join) < c.Expect:
		return fmt.Errorf("usher: %d nodes are to found the cluster, and the list of addresses has %d", c.Expect, len(c.Join))
	}
	return nil
}

// assembleOnce asks everybody once. Neither a cluster nor an error: why tells what is
// missing.
func (p *Port) assembleOnce(ctx context.Context, cfg *AssembleConfig) (j *Joined, why string, err error) {
	addrs := slices.Clone(cfg.Join)
	slices.Sort(addrs)
	addrs = slices.Compact(addrs)
	self := p.hello.Load().Self
	if len(addrs) == 0 {
		return found([]Hello{*p.hello.Load()}), "", nil // Expect is 1
	}
	answers, errs := p.askAll(ctx, addrs)
	for i, h := range answers {
		if errs[i] == nil && !h.Cluster.IsZero() {
			if slices.ContainsFunc(h.Founders, func(m Member) bool { return sameNode(&m, &self) }) {
				j := h.Joined
				return &j, "", nil
			}
			return p.joinAt(ctx, addrs[i], self)
		}
	}
	if cfg.Expect == 0 {
		return nil, "no cluster answers at " + strings.Join(addrs, ", "), nil
	}
	if cfg.Expect > len(addrs) {
		return nil, "", fmt.Errorf("usher: %d nodes are to found the cluster, and the list has %d different addresses", cfg.Expect, len(addrs))
	}
	return p.foundWith(addrs[:cfg.Expect], answers, errs, self)
}

func (p *Port) askAll(ctx context.Context, addrs []string) ([]Hello, []error) {
	answers, errs := make([]Hello, len(addrs)), make([]error, len(addrs))
	var wg sync.WaitGroup
	for i, addr := range addrs {
		wg.Go(func() { answers[i], errs[i] = p.ask(ctx, addr) })
	}
	wg.Wait()
	return answers, errs
}

// foundWith founds a cluster if all who are to found it are there.
func (p *Port) foundWith(addrs []string, answers []Hello, errs []error, self Member) (*Joined, string, error) {
	var missing []string
	among := false
	for i, addr := range addrs {
		if errs[i] != nil {
			missing = append(missing, fmt.Sprintf("%s (%v)", addr, errs[i]))
			continue
		}
		h := &answers[i]
		among = among || sameNode(&h.Self, &self)
		for k := range i {
			if errs[k] == nil && answers[k].Self.NodeID == h.Self.NodeID {
				return nil, "", fmt.Errorf("usher: %s and %s are both node %q: each needs an id and an address of its own", addrs[k], addr, h.Self.NodeID)
			}
		}
		if mine := p.hello.Load(); h.Groups != mine.Groups || h.Voters != mine.Voters {
			return nil, "", fmt.Errorf("usher: %s is to found a cluster of %d groups with %d voters each, this node one of %d with %d", addr, h.Groups, h.Voters, mine.Groups, mine.Voters)
		}
		if h.Self.ReadReplica {
			return nil, "", fmt.Errorf("usher: node %q at %s is a read replica and cannot found a cluster", h.Self.NodeID, addr)
		}
	}
	switch {
	case len(missing) > 0:
		return nil, fmt.Sprintf("waiting for %d of the %d nodes that are to found the cluster: %s", len(missing), len(addrs), strings.Join(missing, "; ")), nil
	case !among:
		return nil, fmt.Sprintf("this node is none of the %d that are to found the cluster, and they have not yet", len(addrs)), nil
	}
	return found(answers[:len(addrs)]), "", nil
}

// found names a cluster after who founds it.
func found(hellos []Hello) *Joined {
	j := &Joined{Groups: hellos[0].Groups, Voters: hellos[0].Voters}
	for i := range hellos {
		m := hellos[i].Self
		m.State = MemberActive
		j.Founders = append(j.Founders, m)
	}
	slices.SortFunc(j.Founders, func(a, b Member) int { return strings.Compare(a.NodeID, b.NodeID) })
	j.Cluster = clusterName(j.Founders)
	return j
}

func sameNode(a, b *Member) bool { return a.NodeID == b.NodeID && a.Incarnation == b.Incarnation }

// joinAt asks a cluster to let this node in. That it refuses is final.
func (p *Port) joinAt(ctx context.Context, addr string, self Member) (*Joined, string, error) {
	body, err := json.Marshal(self)
	if err != nil {
		return nil, "", err
	}
	wait, cancel := context.WithTimeout(ctx, joinWait)
	defer cancel()
	_, raw, err := p.calls.CallAddr(wait, addr, callJoin, body)
	if errors.Is(err, ErrNodeWiped) || errors.Is(err, ErrNodeRemoved) {
		return nil, "", fmt.Errorf("node %q: %w", self.NodeID, err)
	}
	if err != nil {
		return nil, fmt.Sprintf("the cluster at %s does not let this node in yet: %v", addr, err), nil
	}
	j := &Joined{}
	if err := json.Unmarshal(raw, j); err != nil || j.Cluster.IsZero() || j.Groups < 1 {
		return nil, "", fmt.Errorf("usher: the answer of %s to a request to join: %v", addr, err)
	}
	j.Founders = nil // of this node's logs: none begins here
	return j, "", nil
}

// joinWait is for an entry of the directory's log, an election included.
const joinWait = 10 * time.Second
