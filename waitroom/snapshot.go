package waitroom

import (
	"cmp"
	"io"
	"slices"

	"github.com/usherhq/usher/shard/frame"
)

const snapshotVersion = 1

// Kinds of frames. Numbers are in snapshots: they never change.
const (
	frameHeader  frame.Kind = 1
	frameRoom    frame.Kind = 2
	frameTickets frame.Kind = 3
	frameActive  frame.Kind = 4
	frameTrailer frame.Kind = 5
)

const maxFrame = 1 << 20

// activeInFrame is how many admissions stand in a frame: with all their holds they fit.
const activeInFrame = 1024

// Frozen is rooms as they were at one moment. It may be read and written out by one goroutine
// while the rooms it came from go on.
type Frozen struct{ rooms []frozenRoom }

type frozenRoom struct {
	head
	sched  []schedule
	pages  []ticketPage
	active []*activePage
}

// Freeze takes the rooms as they are, in the time it takes to copy a pointer for each thousand
// tickets. From here on whoever writes to something old copies it first.
func (rs *Rooms) Freeze() *Frozen {
	rs.gen++
	z := &Frozen{rooms: make([]frozenRoom, len(rs.list))}
	for i, r := range rs.list {
		z.rooms[i] = frozenRoom{head: r.head, sched: r.schedules(), pages: slices.Clone(r.pages), active: slices.Clone(r.active.pages)}
	}
	return z
}

func (r *Room) schedules() []schedule {
	list := make([]schedule, len(r.lanes))
	for i := range r.lanes {
		list[i] = r.lanes[i].schedule
	}
	return list
}

// WriteTo writes the snapshot: the same bytes for equal rooms, whatever way led there.
func (z *Frozen) WriteTo(w io.Writer) (int64, error) {
	f := frame.NewWriter(w)
	f.Begin(frameHeader)
	f.Raw([]byte("USHERRMS"))
	f.Version = snapshotVersion
	f.U16(f.Version)
	f.U32(uint32(len(z.rooms)))
	f.End()
	sum := uint64(0)
	for i := range z.rooms {
		sum += z.rooms[i].write(f)
	}
	f.Begin(frameTrailer)
	f.U64(sum)
	f.End()
	return f.Written(), f.Err
}

// write writes a room, and returns its digest.
func (z *frozenRoom) write(f *frame.Writer) uint64 {
	f.Begin(frameRoom)
	z.head.write(f)
	for _, s := range z.sched {
		f.U64(s.base)
		f.U64(s.served)
	}
	f.End()
	sum := z.head.headSum(z.sched)
	for i, p := range z.pages {
		used := min(ticketsInPage, z.tickets-uint32(i)*ticketsInPage)
		writeTickets(f, uint32(i), p.tickets[:used])
		for k := range used {
			sum += p.tickets[k].sum(uint32(i)*ticketsInPage + k + 1)
		}
	}
	return sum + z.writeActive(f)
}

func (h *head) write(f *frame.Writer) {
	f.Str([]byte(h.id))
	f.U32s(h.events)
	h.cfg.write(f)
	f.Raw(h.secret[:])
	f.Raw(h.seed[:])
	f.Raw(h.epoch[:])
	f.U32(uint32(len(h.eras)))
	for _, e := range h.eras {
		f.U32(e.First)
		f.Raw(e.Salt[:])
	}
	f.U8(uint8(h.state))
	f.Str([]byte(h.reason))
	f.U32(h.pace)
	f.U32(h.keyNo)
	f.U64(h.version)
	f.U8(uint8(h.phase))
	f.U32(h.tickets)
	f.I64(h.drawAt)
	f.U32(h.entrants)
	f.U32(h.scanned)
	f.U32(h.listed)
	f.U32(h.drawn)
	f.Raw(h.digest[:])
	f.I64(h.since)
	f.I64(h.credit)
	f.I64(h.creditAt)
	f.U64(h.general)
	h.taken.write(f)
	h.gaveUp.write(f)
	h.gaveNear.write(f)
}

func (c *Config) write(f *frame.Writer) {
	f.U32(c.MaxActive)
	f.U32(c.NewPerMinute)
	f.I64(c.FirstUse)
	f.I64(c.Session)
	f.I64(c.OpensAt)
	f.Flag(c.Lobby)
	f.Flag(c.Auto)
	f.U32(uint32(len(c.Tiers)))
	for _, t := range c.Tiers {
		f.Str([]byte(t.Name))
		f.U16(t.General)
		f.U16(t.Lane)
	}
}

// write writes the buckets in the order of their time.
func (m *minute) write(f *frame.Writer) {
	f.I64(m.newest)
	for k := range int64(buckets) {
		f.U32(m.counts[(m.newest+1+k)%buckets])
	}
}

// writeTickets writes a page's tickets, field by field: equal bytes stand together.
func writeTickets(f *frame.Writer, no uint32, list []ticket) {
	f.Begin(frameTickets)
	f.U32(no)
	f.U32(uint32(len(list)))
	for i := range list {
		f.Raw(list[i].id[:])
	}
	for i := range list {
		f.U32(list[i].slot)
	}
	for i := range list {
		f.U32(uint32(list[i].nights))
	}
	for i := range list {
		f.U8(list[i].lane)
	}
	for i := range list {
		f.U8(list[i].state)
	}
	f.End()
}

// writeActive writes the admissions by their tickets, and returns their sum.
func (z *frozenRoom) writeActive(f *frame.Writer) (sum uint64) {
	var list []active
	for _, p := range z.active {
		for i := range p.recs {
			if p.recs[i].ticket != 0 {
				list = append(list, p.recs[i])
			}
		}
	}
	slices.SortFunc(list, func(a, b active) int { return cmp.Compare(a.ticket, b.ticket) })
	no := uint32(0)
	for part := range slices.Chunk(list, activeInFrame) {
		f.Begin(frameActive)
		f.U32(no)
		f.U32(uint32(len(part)))
		for i := range part {
			a := &part[i]
			f.U32(a.ticket)
			f.I64(a.deadline)
			f.U8(uint8(len(a.holds)))
			for _, h := range a.holds {
				f.U32(h.event)
				f.U32(h.hold)
			}
			sum += a.sum()
		}
		f.End()
		no++
	}
	return sum
}
