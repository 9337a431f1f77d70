package shard

import (
	"io"
	"slices"

	"github.com/usherhq/usher/shard/frame"
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
	f := frame.NewWriter(w)
	f.Begin(frameHeader)
	f.Raw([]byte("USHERSNP"))
	f.Version = versionFor(z.events)
	f.U16(f.Version)
	f.I64(z.now)
	f.U32(uint32(len(z.charts)))
	f.U32(uint32(len(z.events)))
	f.End()
	for _, ch := range z.charts {
		f.Begin(frameChart)
		f.Raw(ch.Sum[:])
		f.Raw(ch.Blob[:])
		f.U32(ch.Seats)
		f.U32(ch.Size)
		f.Str(ch.Data)
		f.End()
	}
	for _, e := range z.events {
		e.write(f)
	}
	z.bundles.write(f)
	f.Begin(frameTrailer)
	f.U64(digest(z.now, z.charts, z.events, &z.bundles))
	f.End()
	return f.Written(), f.Err
}

func (e *Event) write(f *frame.Writer) {
	f.Begin(frameEvent)
	f.Str([]byte(e.id))
	f.Raw(e.chart[:])
	f.Raw(e.epoch[:])
	f.Raw(e.secret[:])
	f.U32(e.seats)
	f.U64(e.firstBase())
	f.I64(e.created)
	f.I64(e.onsale)
	f.U32(e.maxKeys)
	f.Str(e.meta)
	f.U64(e.version)
	f.U32(e.lastHold)
	f.U32(e.lastBook)
	f.U64(e.keys.head)
	f.U64(e.keys.next)
	e.writeReasons(f)
	f.Raw(e.planSum[:])
	f.U32(e.rules.PerHolder)
	f.U8(uint8(e.rules.Orphans))
	f.Flag(e.rules.Gated)
	f.U32(uint32(len(e.areas)))
	for i := range e.areas {
		f.U32(e.areas[i].held)
		f.U32(e.areas[i].booked)
		f.U64(e.areas[i].version)
	}
	f.U32(uint32(len(e.channels)))
	for i := range e.channels {
		f.Raw(e.channels[i].hash[:])
		f.Str([]byte(e.channels[i].name))
	}
	if f.Version > 2 {
		e.writeEras(f)
	}
	f.End()
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

func (e *Event) writeReasons(f *frame.Writer) {
	seats := make([]uint32, 0, len(e.reasons))
	for seat := range e.reasons {
		seats = append(seats, seat)
	}
	slices.Sort(seats)
	f.U32(uint32(len(seats)))
	for _, seat := range seats {
		f.U32(seat)
		f.Str([]byte(e.reasons[seat]))
	}
}

func (p *seatPage) write(f *frame.Writer, no uint32) {
	f.Begin(frameSeats)
	f.U32(no)
	f.Raw(p.packed[:])
	for i := range p.owner {
		f.U32(p.owner[i])
	}
	for i := range p.version {
		f.U64(p.version[i])
	}
	f.Flag(p.channel != nil)
	if p.channel != nil {
		f.Raw(p.channel[:])
	}
	f.End()
}

func (p *holdPage) write(f *frame.Writer, first uint32) {
	f.Begin(frameHolds)
	f.U32(first)
	f.U32(p.used)
	f.I64(p.lastEnded)
	for i := uint32(0); i < p.used; i++ {
		f.U8(uint8(p.state[i]))
		f.I64(p.heldAt[i])
		f.I64(p.expires[i])
		f.U32s(p.seatsOf(i))
		f.Str(p.holder(i))
		f.U8(uint8(p.flags[i]))
		f.U32(p.bundle(i))
	}
	f.End()
}

func (p *bookPage) write(f *frame.Writer, no uint32) {
	f.Begin(frameBooks)
	f.U32(no)
	f.U32(p.used)
	for i := uint32(0); i < p.used; i++ {
		r := &p.recs[i]
		f.U8(uint8(r.state))
		f.U32(r.hold)
		f.I64(r.bookedAt)
		f.I64(r.cancelledAt)
		f.I64(r.amount)
		f.Raw(r.currency[:])
		f.U32s(p.seatsOf(i))
		f.Str(p.holder(i))
		f.Str(p.payment(i))
		f.U32(r.bundle)
	}
	f.End()
}

// write writes the pages that are there. How many bundles there ever were stands first,
// as the newest may have been forgotten.
func (b *bundles) write(f *frame.Writer) {
	if b.last == 0 {
		return
	}
	f.Begin(frameBundles)
	f.U32(b.last)
	f.End()
	for i, p := range b.pages {
		if p == nil {
			continue
		}
		f.Begin(frameBundles)
		f.U32(uint32(i))
		f.U32(p.used)
		for j := range p.used {
			p.recs[j].write(f)
		}
		f.End()
	}
}

func (r *bundle) write(f *frame.Writer) {
	f.U8(uint8(r.state))
	f.U16(r.home)
	f.U32(r.at)
	f.I64(r.since)
	f.I64(r.endedAt)
	f.Raw(r.key.Hash[:])
	f.Raw(r.key.Print[:])
	f.U32(uint32(len(r.parts)))
	for _, p := range r.parts {
		f.U16(p.Group)
		f.U32(p.Event)
		f.U32(p.Hold)
		f.U32(p.Booking)
		f.I64(p.Amount)
	}
	f.U32(uint32(len(r.pending)))
	for _, g := range r.pending {
		f.U16(g)
	}
}

// write writes the answers that are kept, 64 a frame: where pages begin is not part of
// the snapshot's bytes, but it is the same everywhere, as it follows from the numbers.
func (t *keyTable) write(f *frame.Writer) {
	for seq := t.head; seq < t.next; {
		stop := min((seq/keysInPage+1)*keysInPage, t.next)
		f.Begin(frameKeys)
		f.U64(seq)
		f.U32(uint32(stop - seq))
		for ; seq < stop; seq++ {
			a := t.at(seq)
			f.Raw(a.key.Hash[:])
			f.Raw(a.key.Print[:])
			f.I64(a.at)
			f.U64(a.token)
			f.U64(a.version)
			f.I64(a.expires)
			f.U32(a.number)
			f.U32(a.count)
		}
		f.End()
	}
}
