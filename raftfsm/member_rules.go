package raftfsm

import (
	"errors"
	"slices"

	"github.com/usherhq/usher/raftfsm/placement"
	"github.com/usherhq/usher/shard"
)

// membership is the part of the directory that is about nodes.
type membership struct {
	cluster ID128
	perVote int // voters a group should have
	members []*Member
	voters  [][]string // by group; the first is to lead
	version uint32
}

// Cluster is the cluster's name; zero for a directory that belongs to none.
func (d *Directory) Cluster() ID128 { return d.cluster }

// Members are all nodes there ever were, in the order in which they came; not to be
// written to.
func (d *Directory) Members() []*Member { return slices.Clip(d.members) }

// Member finds a node; nil when there is none.
func (d *Directory) Member(id string) *Member {
	if i := d.memberAt(id); i >= 0 {
		return d.members[i]
	}
	return nil
}

// Voters are who is to vote in a group; not to be written to.
func (d *Directory) Voters(group int) []string {
	if group >= len(d.voters) {
		return nil
	}
	return d.voters[group]
}

// VotersWanted is how many voters a group should have.
func (d *Directory) VotersWanted() int { return d.perVote }

// ClusterVersion is the version that every node can read.
func (d *Directory) ClusterVersion() uint32 { return d.version }

func (d *Directory) memberAt(id string) int {
	return slices.IndexFunc(d.members, func(m *Member) bool { return m.NodeID == id })
}

// found is repeated by whoever leads first and does not know that it was done.
func (d *Directory) found(now int64, c *Found, out *shard.Result) {
	if !d.cluster.IsZero() {
		if d.cluster != c.Cluster {
			out.Err = ErrConflict
		}
		return
	}
	if c.Cluster.IsZero() || len(c.Members) == 0 || len(c.Members) > maxMembers || c.Voters == 0 || c.Voters > maxVoters {
		out.Err = shard.ErrBadRequest
		return
	}
	for i := range c.Members {
		if !c.Members[i].sound() {
			out.Err = shard.ErrBadRequest
			return
		}
	}
	d.cluster, d.perVote = c.Cluster, int(c.Voters)
	for i := range c.Members {
		m := c.Members[i]
		m.State, m.Urgent, m.Since = MemberActive, false, now
		d.members = append(d.members, &m)
	}
	d.voters = initialVoters(c.Members, d.groups+1, d.perVote)
}

// initialVoters is how a new cluster's groups are placed: every founder works it out alike.
func initialVoters(members []Member, groups, voters int) [][]string {
	nodes := make([]placement.Node, len(members))
	for i := range members {
		nodes[i] = placement.Node{ID: members[i].NodeID, Zone: members[i].Zone, Eligible: !members[i].ReadReplica, Answers: true}
	}
	return placement.Initial(nodes, groups, voters)
}

func (d *Directory) putMember(now int64, c *PutMember, out *shard.Result) {
	m := c.Member
	if !m.sound() || d.cluster.IsZero() {
		out.Err = shard.ErrBadRequest
		return
	}
	at := d.memberAt(m.NodeID)
	if at < 0 {
		if len(d.members) >= maxMembers {
			out.Err = shard.ErrBadRequest
			return
		}
		m.State, m.Urgent, m.Since = MemberActive, false, now
		d.members = append(slices.Clip(d.members), &m)
		out.Count = 1
		return
	}
	old := d.members[at]
	switch {
	case old.State == MemberRemoved:
		out.Err = ErrNodeRemoved
		return
	case old.Incarnation != m.Incarnation:
		out.Err = ErrNodeWiped
		return
	}
	m.State, m.Urgent, m.Since = old.State, old.Urgent, old.Since
	d.replaceMember(at, m)
}

func (d *Directory) setMember(c *SetMember, out *shard.Result) {
	at := d.memberAt(c.NodeID)
	switch {
	case at < 0:
		out.Err = ErrUnknownNode
		return
	case d.members[at].State == MemberRemoved:
		if c.State != MemberRemoved {
			out.Err = ErrNodeRemoved
		}
		return
	case c.State < MemberActive || c.State > MemberRemoved:
		out.Err = shard.ErrBadRequest
		return
	}
	m := *d.members[at]
	m.State, m.Urgent = c.State, c.Urgent
	d.replaceMember(at, m)
	if m.State == MemberRemoved {
		d.forgetVoter(m.NodeID)
	}
}

// replaceMember leaves the slice that a frozen directory may read as it is.
func (d *Directory) replaceMember(at int, m Member) {
	d.members = slices.Clone(d.members)
	d.members[at] = &m
}

// forgetVoter takes a node out of every group; the planner finds others.
func (d *Directory) forgetVoter(id string) {
	voters := slices.Clone(d.voters)
	for g, v := range voters {
		if at := slices.Index(v, id); at >= 0 {
			voters[g] = slices.Delete(slices.Clone(v), at, at+1)
		}
	}
	d.voters = voters
}

func (d *Directory) placeVoters(c *PlaceVoters, out *shard.Result) {
	g := int(c.Group)
	if g >= len(d.voters) || len(c.Voters) == 0 || len(c.Voters) > maxVoters {
		out.Err = shard.ErrBadRequest
		return
	}
	if !slices.Equal(d.voters[g], c.Was) {
		out.Err = ErrConflict
		return
	}
	for i, id := range c.Voters {
		m := d.Member(id)
		if m == nil || m.State == MemberRemoved || m.ReadReplica || slices.Contains(c.Voters[:i], id) {
			out.Err = ErrUnknownNode
			return
		}
	}
	d.voters = slices.Clone(d.voters)
	d.voters[g] = slices.Clone(c.Voters)
}

// raiseVersion refuses what a member could not read.
func (d *Directory) raiseVersion(c *RaiseVersion, out *shard.Result) {
	if c.Version <= d.version {
		return
	}
	for _, m := range d.members {
		if m.State != MemberRemoved && m.Version < c.Version {
			out.Err = ErrConflict
			return
		}
	}
	d.version = c.Version
}

// forgetCluster is for a directory that was restored elsewhere: its nodes are not there.
func (d *Directory) forgetCluster() { d.membership = membership{version: d.version} }

// checkMembers verifies what the commands promise.
func (d *Directory) checkMembers() error {
	if d.cluster.IsZero() && (len(d.members) > 0 || len(d.voters) > 0) {
		return errors.New("members of no cluster")
	}
	for i, m := range d.members {
		if !m.sound() || m.State < MemberActive || m.State > MemberRemoved || d.memberAt(m.NodeID) != i {
			return errors.New("member " + m.NodeID + " is unsound or there twice")
		}
	}
	for _, v := range d.voters {
		for _, id := range v {
			if m := d.Member(id); m == nil || m.State == MemberRemoved {
				return errors.New("voter " + id + " is no member")
			}
		}
	}
	return nil
}
