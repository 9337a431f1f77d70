// Package placement decides which nodes vote in which groups. It is pure: what there is
// goes in, the next single move comes out; whoever asks carries it out, waits until it has
// come about, and asks again.
//
// The rules, in this order:
//
//  1. A voter that is to vote no longer (drained, removed, dead for long) gives its place to
//     another node.
//  2. A group that has fewer voters than it should gets one.
//  3. Voters of one group stand in different zones where there are enough of them.
//  4. No node votes in two groups more than another.
//  5. No node is the preferred leader of two groups more than another.
//
// A group that is selling is left alone, except by rule 2, which moves nothing, where rule 1 is about
// a dead node, or where an operator has said that a node is to be moved at once. One with a voter that does not answer is
// left alone by rules 3 and 4: while it is moved it could not spare another.
package placement

import (
	"cmp"
	"slices"
)

// Node is a member of the cluster.
type Node struct {
	ID   string
	Zone string // "" is a zone of its own for each such node
	// Eligible nodes may vote: active, and no read replicas.
	Eligible bool
	// Dead: has not answered for so long that its place is given away.
	Dead bool
	// Answers: is there now. Nothing is given to a node that is not.
	Answers bool
	// Urgent: an operator wants the node's share moved also where seats are being sold.
	Urgent bool
}

// Group is where a group is to vote.
type Group struct {
	// Voters are node ids; the first is to lead.
	Voters []string
	// Selling: an event of the group is on sale.
	Selling bool
}

// Initial places the voters of a new cluster's groups, as evenly as there are nodes, and
// spreads those that are to lead. The same nodes in any order give the same.
func Initial(nodes []Node, groups, voters int) [][]string {
	p := newPlan(nodes, make([]Group, groups))
	for g := range p.groups {
		for len(p.groups[g].Voters) < voters {
			id := p.candidate(g, "")
			if id == "" {
				break
			}
			p.groups[g].Voters = append(p.groups[g].Voters, id)
			p.votes[id]++
		}
		p.lead(g, p.coolest(g))
	}
	out := make([][]string, groups)
	for g := range out {
		out[g] = p.groups[g].Voters
	}
	return out
}

// Next is the next move: the voters that a group is to have from now on, which differ from
// those it has by one node, or by who leads. ok is false when all is well.
func Next(nodes []Node, groups []Group, voters int) (group int, next []string, ok bool) {
	p := newPlan(nodes, groups)
	for _, rule := range []func(voters int) (int, []string){p.replace, p.fill, p.zones, p.balance, p.leaders} {
		if g, v := rule(voters); v != nil {
			return g, v, true
		}
	}
	return 0, nil, false
}

// plan is one question, with what is counted for it.
type plan struct {
	nodes  []Node // by id
	byID   map[string]*Node
	groups []Group
	votes  map[string]int // groups a node votes in
	leads  map[string]int // groups a node is to lead
}

func newPlan(nodes []Node, groups []Group) *plan {
	p := &plan{nodes: slices.Clone(nodes), byID: map[string]*Node{}, groups: slices.Clone(groups), votes: map[string]int{}, leads: map[string]int{}}
	slices.SortFunc(p.nodes, func(a, b Node) int { return cmp.Compare(a.ID, b.ID) })
	for i := range p.nodes {
		p.byID[p.nodes[i].ID] = &p.nodes[i]
	}
	for _, g := range groups {
		for _, id := range g.Voters {
			p.votes[id]++
		}
		if len(g.Voters) > 0 {
			p.leads[g.Voters[0]]++
		}
	}
	return p
}

// replace is rule 1. Where nobody can take the place the group keeps the voter, as fewer voters
// would be no safer; but it is to lead no more.
func (p *plan) replace(int) (int, []string) {
	for g := range p.groups {
		for at, id := range p.groups[g].Voters {
			n := p.byID[id]
			gone := n == nil || n.Dead
			if !gone && n.Eligible || p.groups[g].Selling && !gone && !n.Urgent {
				continue
			}
			if to := p.candidate(g, id); to != "" {
				return g, p.swapped(g, at, to)
			}
			if to := p.coolest(g); at == 0 && to != "" {
				p.lead(g, to)
				return g, p.groups[g].Voters
			}
		}
	}
	return 0, nil
}

// fill is rule 2. A group with too few voters is in danger, and another one, which has caught up
// before it gets its vote, moves nothing: so it acts on groups that sell as well.
func (p *plan) fill(voters int) (int, []string) {
	for g := range p.groups {
		if len(p.groups[g].Voters) >= voters {
			continue
		}
		if to := p.candidate(g, ""); to != "" {
			return g, append(slices.Clone(p.groups[g].Voters), to)
		}
	}
	return 0, nil
}

// zones is rule 3.
func (p *plan) zones(int) (int, []string) {
	for g := range p.groups {
		at := p.crowded(g)
		if at < 0 || !p.whole(g) {
			continue
		}
		from := p.groups[g].Voters[at]
		to := p.candidate(g, from)
		if to != "" && !p.shares(g, to, from) && p.movable(g, to) {
			return g, p.swapped(g, at, to)
		}
	}
	return 0, nil
}

// balance is rule 4.
func (p *plan) balance(int) (int, []string) {
	for g := range p.groups {
		if !p.whole(g) {
			continue
		}
		for at, from := range p.groups[g].Voters {
			to := p.candidate(g, from)
			if to == "" || p.votes[from]-p.votes[to] < 2 || !p.movable(g, to) {
				continue
			}
			if p.shares(g, to, from) && !p.shares(g, from, from) {
				continue // it would undo rule 3
			}
			return g, p.swapped(g, at, to)
		}
	}
	return 0, nil
}

// leaders is rule 5.
func (p *plan) leaders(int) (int, []string) {
	for g := range p.groups {
		if len(p.groups[g].Voters) == 0 || p.groups[g].Selling {
			continue
		}
		to := p.coolest(g)
		if to == "" || p.leads[p.groups[g].Voters[0]]-p.leads[to] < 2 {
			continue
		}
		p.lead(g, to)
		return g, p.groups[g].Voters
	}
	return 0, nil
}

// candidate is the best node to vote in a group in the place of from ("": beside those that
// do): in a zone of its own if there is one, then with the fewest votes.
func (p *plan) candidate(g int, from string) string {
	best, bestShares := "", false
	for i := range p.nodes {
		n := &p.nodes[i]
		if !n.Eligible || n.Dead || !n.Answers || slices.Contains(p.groups[g].Voters, n.ID) {
			continue
		}
		shares := p.shares(g, n.ID, from)
		if best == "" || bestShares && !shares || shares == bestShares && p.votes[n.ID] < p.votes[best] {
			best, bestShares = n.ID, shares
		}
	}
	return best
}

// shares tells whether a node's zone is that of a voter other than itself and from.
func (p *plan) shares(g int, id, from string) bool {
	n := p.byID[id]
	if n == nil || n.Zone == "" {
		return false
	}
	for _, v := range p.groups[g].Voters {
		if other := p.byID[v]; v != id && v != from && other != nil && other.Zone == n.Zone {
			return true
		}
	}
	return false
}

// crowded is the place of a voter that shares its zone with one before it, or −1.
func (p *plan) crowded(g int) int {
	for at, id := range p.groups[g].Voters {
		n := p.byID[id]
		for _, before := range p.groups[g].Voters[:at] {
			if b := p.byID[before]; n != nil && b != nil && n.Zone != "" && n.Zone == b.Zone {
				return at
			}
		}
	}
	return -1
}

// whole tells whether all voters of a group answer.
func (p *plan) whole(g int) bool {
	for _, id := range p.groups[g].Voters {
		if n := p.byID[id]; n == nil || !n.Answers {
			return false
		}
	}
	return true
}

// movable tells whether the group may be changed for the sake of to.
func (p *plan) movable(g int, to string) bool {
	return !p.groups[g].Selling || p.byID[to].Urgent
}

// swapped is the group's voters with another one in a place. Whoever takes the place of the
// one that leads goes last: leading is for rule 5 to give.
func (p *plan) swapped(g, at int, to string) []string {
	v := slices.Delete(slices.Clone(p.groups[g].Voters), at, at+1)
	if at == 0 {
		return append(v, to)
	}
	return slices.Insert(v, at, to)
}

// coolest is the group's voter that is to lead the fewest others.
func (p *plan) coolest(g int) string {
	best := ""
	for _, id := range p.groups[g].Voters {
		n := p.byID[id]
		if n == nil || !n.Eligible || n.Dead || !n.Answers {
			continue
		}
		if best == "" || p.leads[id] < p.leads[best] {
			best = id
		}
	}
	return best
}

// lead puts a voter first.
func (p *plan) lead(g int, id string) {
	v := slices.Clone(p.groups[g].Voters)
	at := slices.Index(v, id)
	if at < 0 {
		return
	}
	v = slices.Insert(slices.Delete(v, at, at+1), 0, id)
	p.groups[g].Voters = v
	p.leads[id]++
}
