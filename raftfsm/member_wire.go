package raftfsm

import "math"

// What commands about nodes look like in the log.

func putMember(buf []byte, m *Member) []byte {
	buf = append(putBytes8(buf, []byte(m.NodeID)), m.Incarnation[:]...)
	buf = putBytes8(putBytes8(putBytes8(buf, []byte(m.Addr)), []byte(m.API)), []byte(m.Zone))
	buf = le32(putBool(buf, m.ReadReplica), m.Version)
	return le64(putBool(append(buf, byte(m.State)), m.Urgent), uint64(m.Since))
}

func (r *entryReader) member() (m Member) {
	m.NodeID = string(r.bytes8())
	copy(m.Incarnation[:], r.take(len(m.Incarnation)))
	m.Addr, m.API, m.Zone = string(r.bytes8()), string(r.bytes8()), string(r.bytes8())
	m.ReadReplica, m.Version = r.bool(), r.u32()
	m.State, m.Urgent, m.Since = MemberState(r.u8()), r.bool(), r.i64()
	return m
}

func putFound(buf []byte, c *Found) []byte {
	buf = le16(le16(append(buf, c.Cluster[:]...), c.Voters), uint16(len(c.Members)))
	for i := range c.Members {
		buf = putMember(buf, &c.Members[i])
	}
	return buf
}

func (r *entryReader) found() *Found {
	c := &Found{}
	copy(c.Cluster[:], r.take(len(c.Cluster)))
	c.Voters = r.u16()
	for n := r.u16(); n > 0 && r.err == nil; n-- {
		c.Members = append(c.Members, r.member())
	}
	return c
}

func putNames(buf []byte, names []string) []byte {
	buf = append(buf, byte(len(names)))
	for _, s := range names {
		buf = putBytes8(buf, []byte(s))
	}
	return buf
}

func (r *entryReader) names() (out []string) {
	for n := r.u8(); n > 0 && r.err == nil; n-- {
		out = append(out, string(r.bytes8()))
	}
	return out
}

func namesFit(names []string) bool {
	for _, s := range names {
		if len(s) > math.MaxUint8 {
			return false
		}
	}
	return len(names) <= math.MaxUint8
}

func memberFits(m *Member) bool {
	return len(m.NodeID) <= math.MaxUint8 && len(m.Addr) <= math.MaxUint8 && len(m.API) <= math.MaxUint8 && len(m.Zone) <= math.MaxUint8
}

func putMembership(buf []byte, m *membership) []byte {
	buf = le32(le16(append(buf, m.cluster[:]...), uint16(m.perVote)), m.version)
	buf = le16(buf, uint16(len(m.members)))
	for _, one := range m.members {
		buf = putMember(buf, one)
	}
	buf = le16(buf, uint16(len(m.voters)))
	for _, v := range m.voters {
		buf = putNames(buf, v)
	}
	return buf
}

func (r *entryReader) membership() *membership {
	m := &membership{}
	copy(m.cluster[:], r.take(len(m.cluster)))
	m.perVote, m.version = int(r.u16()), r.u32()
	for n := r.u16(); n > 0 && r.err == nil; n-- {
		one := r.member()
		m.members = append(m.members, &one)
	}
	for n := r.u16(); n > 0 && r.err == nil; n-- {
		m.voters = append(m.voters, r.names())
	}
	return m
}
