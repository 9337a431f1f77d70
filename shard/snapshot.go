package shard

import (
	"io"
	"slices"
)

const snapshotVersion = 1

// Frozen is a state as it was at one moment. It may be read and written out by one
// goroutine while the state it came from goes on.
type Frozen struct {
	now    int64
	charts []*Chart
	events []*Event
}

// Freeze takes the state as it is, in the time it takes to copy one pointer an event.
// From here on whoever writes to something old copies it first.
func (s *State) Freeze() *Frozen {
	s.gen++
	return &Frozen{now: s.now, charts: s.Charts.Freeze(), events: slices.Clone(s.events)}
}

// WriteTo writes the snapshot: the same bytes for equal states, whatever way led there.
func (z *Frozen) WriteTo(w io.Writer) (int64, error) {
	c := &countWriter{w: w}
	f := &frameWriter{w: c}
	f.begin(frameHeader)
	f.raw([]byte("USHERSNP"))
	f.u16(snapshotVersion)
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
	f.begin(frameTrailer)
	f.u64(digest(z.now, z.charts, z.events))
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
	f.u64(e.base)
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
	f.end()
	for i, p := range e.seatPages {
		if p.version != [seatsInPage]uint64{} {
			p.write(f, uint32(i))
		}
	}
	for b, k := range e.blocks {
		for pg := 0; k != nil && pg < pagesInBlock; pg++ {
			if p := k.pages[pg]; p != nil {
				p.write(f, uint32(b)<<(pageShift+blockShift)+uint32(pg)<<pageShift+1)
			}
		}
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
	}
	f.end()
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
