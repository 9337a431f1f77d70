package shard

import (
	"io"
	"slices"
)

// snapshotVersion is the newest. Version 2, of before there were eras, is written of states
// that have never been restored, so that older programs can read those. Version 1, of
// before there were plans, rules, areas, channels and bundles, is only read.
const snapshotVersion = 3

// Frozen is a state as it was at one moment. It may be read and written out by one
// goroutine while the state it came from goes on.
type Frozen struct {
	now    int64
	charts []*Chart
	events []*Event

	bundles bundles
}

// Freeze takes the state as it is, in the time it takes to copy one pointer an event.
// From here on whoever writes to something old copies it first.
func (s *State) Freeze() *Frozen {
	s.gen++
	return &Frozen{now: s.now, charts: s.Charts.Freeze(), events: slices.Clone(s.events), bundles: s.bundles.freeze()}
}

// WriteTo writes the snapshot: the same bytes for equal states, whatever way led there.
func (z *Frozen) WriteTo(w io.Writer) (int64, error) {
	c := &countWriter{w: w}
	f := &frameWriter{w: c}
	f.begin(frameHeader)
	f.raw([]byte("USHERSNP"))
	f.version = versionFor(z.events)
	f.u16(f.version)
	f.i64(z.now)
	f.u32(uint32(len(z.charts)))
	f.u32(uint32(len(z.events)))
	f.end()
	for _, ch := range z.charts {
		f.begin(frameChart)
		f.raw(ch.Sum[:])
		f.raw(ch.Blob[:])
		f.u32(ch.Seats)
		f.u32(ch.Size)
		f.str(ch.Data)
		f.end()
	}
	for _, e := range z.events {
		e.write(f)
	}
	z.bundles.write(f)
	f.begin(frameTrailer)
	f.u64(digest(z.now, z.charts, z.events, &z.bundles))
	f.end()
	return c.n, f.err
}

type countWriter struct {
	w io.Writer
	n int64
}

func (c *countWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

func (e *Event) write(f *frameWriter) {
	f.begin(frameEvent)
	f.str([]byte(e.id))
	f.raw(e.chart[:])
	f.raw(e.epoch[:])
	f.raw(e.secret[:])
	f.u32(e.seats)
	f.u64(e.firstBase())
	f.i64(e.created)
	f.i64(e.onsale)
	f.u32(e.maxKeys)
	f.str(e.meta)
	f.u64(e.version)
	f.u32(e.lastHold)
	f.u32(e.lastBook)
	f.u64(e.keys.head)
	f.u64(e.keys.next)
	e.writeReasons(f)
	f.raw(e.planSum[:])
	f.u32(e.rules.PerHolder)
	f.u8(uint8(e.rules.Orphans))
	f.flag(e.rules.Gated)
	f.u32(uint32(len(e.areas)))
	for i := range e.areas {
		f.u32(e.areas[i].held)
		f.u32(e.areas[i].booked)
		f.u64(e.areas[i].version)
	}
	f.u32(uint32(len(e.channels)))
	for i := range e.channels {
		f.raw(e.channels[i].hash[:])
		f.str([]byte(e.channels[i].name))
	}
	if f.version > 2 {
		e.writeEras(f)
	}
	f.end()
	for i, p := range e.seatPages {
		if p.version != [seatsInPage]uint64{} {
			p.write(f, uint32(i))
		}
	}
	for first, p := range e.holdPages() {
		p.write(f, first)
	}
	for i, p := range e.books {
		p.write(f, uint32(i))
	}
	e.keys.write(f)
}

func (e *Event) writeReasons(f *frameWriter) {
	seats := make([]uint32, 0, len(e.reasons))
	for seat := range e.reasons {
		seats = append(seats, seat)
	}
	slices.Sort(seats)
	f.u32(uint32(len(seats)))
	for _, seat := range seats {
		f.u32(seat)
		f.str([]byte(e.reasons[seat]))
	}
}

func (p *seatPage) write(f *frameWriter, no uint32) {
	f.begin(frameSeats)
	f.u32(no)
	f.raw(p.packed[:])
	for i := range p.owner {
		f.u32(p.owner[i])
	}
	for i := range p.version {
		f.u64(p.version[i])
	}
	f.flag(p.channel != nil)
	if p.channel != nil {
		f.raw(p.channel[:])
	}
	f.end()
}

func (p *holdPage) write(f *frameWriter, first uint32) {
	f.begin(frameHolds)
	f.u32(first)
	f.u32(p.used)
	f.i64(p.lastEnded)
	for i := uint32(0); i < p.used; i++ {
		f.u8(uint8(p.state[i]))
		f.i64(p.heldAt[i])
		f.i64(p.expires[i])
		f.u32s(p.seatsOf(i))
		f.str(p.holder(i))
		f.u8(uint8(p.flags[i]))
		f.u32(p.bundle(i))
	}
	f.end()
}

func (p *bookPage) write(f *frameWriter, no uint32) {
	f.begin(frameBooks)
	f.u32(no)
	f.u32(p.used)
	for i := uint32(0); i < p.used; i++ {
		r := &p.recs[i]
		f.u8(uint8(r.state))
		f.u32(r.hold)
		f.i64(r.bookedAt)
		f.i64(r.cancelledAt)
		f.i64(r.amount)
		f.raw(r.currency[:])
		f.u32s(p.seatsOf(i))
		f.str(p.holder(i))
		f.str(p.payment(i))
		f.u32(r.bundle)
	}
	f.end()
}

// write writes the pages that are there. How many bundles there ever were stands first,
// as the newest may have been forgotten.
func (b *bundles) write(f *frameWriter) {
	if b.last == 0 {
		return
	}
	f.begin(frameBundles)
	f.u32(b.last)
	f.end()
	for i, p := range b.pages {
		if p == nil {
			continue
		}
		f.begin(frameBundles)
		f.u32(uint32(i))
		f.u32(p.used)
		for j := range p.used {
			p.recs[j].write(f)
		}
		f.end()
	}
}

func (r *bundle) write(f *frameWriter) {
	f.u8(uint8(r.state))
	f.u16(r.home)
	f.u32(r.at)
	f.i64(r.since)
	f.i64(r.endedAt)
	f.raw(r.key.Hash[:])
	f.raw(r.key.Print[:])
	f.u32(uint32(len(r.parts)))
	for _, p := range r.parts {
		f.u16(p.Group)
		f.u32(p.Event)
		f.u32(p.Hold)
		f.u32(p.Booking)
		f.i64(p.Amount)
	}
	f.u32(uint32(len(r.pending)))
	for _, g := range r.pending {
		f.u16(g)
	}
}

// write writes the answers that are kept, 64 a frame: where pages begin is not part of
// the snapshot's bytes, but it is the same everywhere, as it follows from the numbers.
func (t *keyTable) write(f *frameWriter) {
	for seq := t.head; seq < t.next; {
		stop := min((seq/keysInPage+1)*keysInPage, t.next)
		f.begin(frameKeys)
		f.u64(seq)
		f.u32(uint32(stop - seq))
		for ; seq < stop; seq++ {
			a := t.at(seq)
			f.raw(a.key.Hash[:])
			f.raw(a.key.Print[:])
			f.i64(a.at)
			f.u64(a.token)
			f.u64(a.version)
			f.i64(a.expires)
			f.u32(a.number)
			f.u32(a.count)
		}
		f.end()
	}
}
