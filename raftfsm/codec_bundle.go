package raftfsm

import "github.com/usherhq/usher/shard"

func putParts(buf []byte, parts []shard.Part) []byte {
	buf = append(buf, byte(len(parts)))
	for _, p := range parts {
		buf = le32(le32(le32(le16(buf, p.Group), p.Event), p.Hold), p.Booking)
		buf = le64(buf, uint64(p.Amount))
	}
	return buf
}

func (r *entryReader) parts() (parts []shard.Part) {
	n := r.u8()
	if n > shard.MaxItems {
		r.fail("%d parts", n)
	}
	for i := uint8(0); i < n && r.err == nil; i++ {
		parts = append(parts, shard.Part{Group: r.u16(), Event: r.u32(), Hold: r.u32(), Booking: r.u32(), Amount: r.i64()})
	}
	return parts
}

func putResolve(buf []byte, c *shard.Resolve) []byte {
	buf = append(le32(le16(buf, c.Txn.Home), c.Txn.Bundle), byte(c.State))
	buf = append(putBool(buf, c.Expired), c.Currency[:]...)
	return putParts(putBytes8(buf, c.Payment), c.Parts)
}

func (r *entryReader) resolve() *shard.Resolve {
	c := &shard.Resolve{Txn: shard.Txn{Home: r.u16(), Bundle: r.u32()}, State: shard.BundleState(r.u8()), Expired: r.bool()}
	copy(c.Currency[:], r.take(3))
	c.Payment, c.Parts = r.bytes8(), r.parts()
	return c
}

func putRules(buf []byte, c *shard.CreateEvent) []byte {
	buf = le32(append(buf, c.Plan[:]...), c.Rules.PerHolder)
	return putBool(append(buf, byte(c.Rules.Orphans)), c.Rules.Gated)
}

func (r *entryReader) rules(c *shard.CreateEvent) {
	c.Plan = r.sum()
	c.Rules = shard.Rules{PerHolder: r.u32(), Orphans: shard.Orphans(r.u8()), Gated: r.bool()}
}
