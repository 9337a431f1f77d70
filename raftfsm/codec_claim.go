package raftfsm

import "github.com/usherhq/usher/shard"

// Bits of a claim, and of an item; an item's fan and policy about orphans stand above
// its bits.
const (
	claimAny = 1 << iota
	claimSame
	claimLease
	claimAdmitted
	claimTxn

	claimBits = 1<<5 - 1
)

const (
	itemVersions = 1 << iota
	itemSince
	itemBest
	itemChannel

	itemFan     = 4
	itemOrphans = 6
)

const (
	bestPoint = 1 << iota
	bestApart
	bestAcross

	bestBits = 1<<3 - 1
)

func bit(on bool, b byte) byte {
	if on {
		return b
	}
	return 0
}

func putClaim(buf []byte, c *shard.Claim) []byte {
	buf = append(buf, bit(c.Any, claimAny)|bit(c.Same, claimSame)|bit(c.Lease, claimLease)|
		bit(c.Admitted, claimAdmitted)|bit(c.Txn != shard.Txn{}, claimTxn))
	buf = putBytes8(le32(buf, uint32(c.TTL)), c.Holder)
	if c.Txn != (shard.Txn{}) {
		buf = le32(le16(buf, c.Txn.Home), c.Txn.Bundle)
	}
	buf = append(buf, byte(len(c.Items)))
	for i := range c.Items {
		buf = putItem(buf, &c.Items[i])
	}
	return putKey(buf, &c.Key)
}

func putItem(buf []byte, it *shard.Item) []byte {
	buf = putU32s(le32(buf, it.Event), it.Seats)
	buf = append(buf, bit(it.Versions != nil, itemVersions)|bit(it.IfSince, itemSince)|bit(it.Best != nil, itemBest)|
		bit(it.Channel != [16]byte{}, itemChannel)|byte(it.Fan)<<itemFan|byte(it.Orphans)<<itemOrphans)
	for _, v := range it.Versions {
		buf = le64(buf, v)
	}
	if it.IfSince {
		buf = le64(buf, it.Since)
	}
	if it.Best != nil {
		buf = putBest(buf, it.Best)
	}
	if it.Channel != [16]byte{} {
		buf = append(buf, it.Channel[:]...)
	}
	return buf
}

func putBest(buf []byte, b *shard.Best) []byte {
	buf = le32(le16(le16(le16(buf, b.Quantity), b.Category), b.Section), b.NearSeat)
	buf = append(buf, bit(b.NearPoint, bestPoint)|bit(b.Apart, bestApart)|bit(b.AcrossAisle, bestAcross))
	buf = le32(le32(buf, uint32(b.X)), uint32(b.Y))
	return le16(le16(buf, b.Accessible), b.Companion)
}

// claim is read into the reader's room: it is valid until the next command.
func (r *entryReader) claim() *shard.Claim {
	bits := r.u8()
	if bits&^claimBits != 0 {
		r.fail("a claim with bits %02x", bits)
	}
	c := &r.claimRoom
	*c = shard.Claim{
		Items: c.Items[:0], Any: bits&claimAny != 0, Same: bits&claimSame != 0, Lease: bits&claimLease != 0,
		Admitted: bits&claimAdmitted != 0, TTL: int64(r.u32()), Holder: r.bytes8(),
	}
	if bits&claimTxn != 0 {
		c.Txn = shard.Txn{Home: r.u16(), Bundle: r.u32()}
		if r.err == nil && c.Txn == (shard.Txn{}) {
			r.fail("a transaction of zeros")
		}
	}
	n := r.u8()
	if n > shard.MaxItems {
		r.fail("a claim of %d items", n)
	}
	for i := uint8(0); i < n && r.err == nil; i++ {
		c.Items = append(c.Items, r.item())
	}
	c.Key = r.key()
	return c
}

func (r *entryReader) item() shard.Item {
	it := shard.Item{Event: r.u32()}
	// Lists of their own: the room for seats is that of one list.
	it.Seats = append([]uint32(nil), r.u32s()...)
	bits := r.u8()
	it.Fan, it.Orphans = shard.Fan(bits>>itemFan&3), shard.Orphans(bits>>itemOrphans&3)
	if bits&itemVersions != 0 {
		it.Versions = make([]uint64, len(it.Seats))
		for i := range it.Versions {
			it.Versions[i] = r.u64()
		}
	}
	if it.IfSince = bits&itemSince != 0; it.IfSince {
		it.Since = r.u64()
	}
	if bits&itemBest != 0 {
		it.Best = r.best()
	}
	if bits&itemChannel != 0 {
		if it.Channel = r.hash(); r.err == nil && it.Channel == [16]byte{} {
			r.fail("a channel of zeros")
		}
	}
	return it
}

func (r *entryReader) best() *shard.Best {
	b := &shard.Best{Quantity: r.u16(), Category: r.u16(), Section: r.u16(), NearSeat: r.u32()}
	bits := r.u8()
	if bits&^bestBits != 0 {
		r.fail("a search with bits %02x", bits)
	}
	b.NearPoint, b.Apart, b.AcrossAisle = bits&bestPoint != 0, bits&bestApart != 0, bits&bestAcross != 0
	b.X, b.Y = int32(r.u32()), int32(r.u32())
	b.Accessible, b.Companion = r.u16(), r.u16()
	return b
}
