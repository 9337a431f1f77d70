package shard

import "github.com/usherhq/usher/shard/frame"

const (
	k2 = frame.K2
	k3 = frame.K3
)

func mix(a, b uint64) uint64 { return frame.Mix(a, b) }

func mixBytes(h uint64, b []byte) uint64 { return frame.MixBytes(h, b) }

// seatSum of a seat that never changed is 0: an event starts with the sum 0.
func seatSum(seat uint32, st Status, owner uint32, version uint64) uint64 {
	if version == 0 {
		return 0
	}
	return mix(uint64(seat)<<32|uint64(owner), version<<2|uint64(st))
}

// sum of the hold in slot i, whose number is n.
func (p *holdPage) sum(i, n uint32) uint64 {
	h := mix(uint64(n)<<32|uint64(p.count[i])<<8|uint64(p.state[i]), uint64(p.expires[i]))
	h = mix(h, uint64(p.heldAt[i]))
	for _, seat := range p.seatsOf(i) {
		h = mix(h, uint64(seat))
	}
	h = mixBytes(h, p.holder(i))
	if special := uint64(p.flags[i])<<32 | uint64(p.bundle(i)); special != 0 {
		h = mix(h, special^k2)
	}
	return h
}

func (p *bookPage) sum(i, n uint32) uint64 {
	r := &p.recs[i]
	h := mix(uint64(n)<<32|uint64(r.hold), uint64(r.state)<<24|uint64(r.currency[0])<<16|uint64(r.currency[1])<<8|uint64(r.currency[2]))
	h = mix(h, uint64(r.bookedAt))
	h = mix(h, uint64(r.cancelledAt))
	h = mix(h, uint64(r.amount))
	for _, seat := range p.seatsOf(i) {
		h = mix(h, uint64(seat))
	}
	h = mixBytes(mixBytes(h, p.holder(i)), p.payment(i))
	if r.bundle != 0 {
		h = mix(h, uint64(r.bundle)^k2)
	}
	return h
}

func (a *answer) sum(seq uint64) uint64 {
	h := mixBytes(mixBytes(seq, a.key.Hash[:]), a.key.Print[:])
	h = mix(h, uint64(a.at))
	h = mix(h, a.token)
	h = mix(h, a.version)
	h = mix(h, uint64(a.expires))
	return mix(h, uint64(a.number)<<32|uint64(a.count))
}

func reasonSum(seat uint32, reason string) uint64 {
	return mixBytes(uint64(seat)^k3, []byte(reason))
}

// digest of the whole event.
func (e *Event) digest() uint64 {
	h := mixBytes(uint64(e.no), []byte(e.id))
	h = mixBytes(h, e.chart[:])
	h = mixBytes(h, e.epoch[:])
	h = mixBytes(h, e.secret[:])
	h = mixBytes(h, e.meta)
	for _, v := range [...]uint64{
		uint64(e.seats), e.firstBase(), uint64(e.created), uint64(e.onsale), uint64(e.maxKeys), e.version,
		uint64(e.lastHold), uint64(e.lastBook), e.keys.head, e.keys.next, e.sum,
	} {
		h = mix(h, v)
	}
	h = e.eraSum(h)
	if e.planSum == [32]byte{} && e.rules == (Rules{}) {
		return h // as it was before there were plans
	}
	h = mixBytes(h, e.planSum[:])
	gated := uint64(0)
	if e.rules.Gated {
		gated = 1
	}
	return mix(h, uint64(e.rules.PerHolder)<<32|uint64(e.rules.Orphans)<<8|gated)
}

// Digest is equal on replicas that are equal; a read that costs a few operations an
// event, as the sums are kept as things change.
func (s *State) Digest() uint64 { return digest(s.now, s.Charts.list, s.events, &s.bundles) }

func digest(now int64, charts []*Chart, events []*Event, b *bundles) uint64 {
	h := mix(uint64(now), uint64(len(events)))
	for _, c := range charts {
		h = mixBytes(h, c.Sum[:])
		h = mixBytes(h, c.Blob[:])
		h = mix(h, uint64(c.Seats)<<32|uint64(len(c.Data)))
	}
	for _, e := range events {
		h = mix(h, e.digest())
	}
	if b.last > 0 {
		h = mix(mix(h, uint64(b.last)), b.sum)
	}
	return h
}
