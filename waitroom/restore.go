package waitroom

import (
	"io"

	"github.com/usherhq/usher/shard/frame"
)

// Restore reads a snapshot, and nothing behind it. Every frame's checksum, order and every
// number's range is verified, the digest is recomputed and compared, and the rooms are put
// through Check. What comes back is either the rooms that were frozen or an error that wraps
// ErrBadSnapshot and says where.
func Restore(in io.Reader, inv Inventory) (*Rooms, error) {
	f := frame.NewReader(in, maxFrame, ErrBadSnapshot)
	if f.Read() != frameHeader || string(f.Take(8)) != "USHERRMS" {
		f.Fail("these are no waiting rooms")
	}
	if f.Version = f.U16(); f.Err == nil && f.Version != snapshotVersion {
		f.Fail("version %d, this program reads %d", f.Version, snapshotVersion)
	}
	rs := New(inv)
	count := f.U32()
	f.Done()
	kind := f.Read()
	for ; f.Err == nil && kind == frameRoom; kind = rs.read(f) {
	}
	if f.Err == nil && kind != frameTrailer {
		f.Fail("a frame of kind %d where a room or the end was expected", kind)
	}
	want := f.U64()
	f.Done()
	if f.Err == nil && len(rs.list) != int(count) {
		f.Fail("%d rooms of %d", len(rs.list), count)
	}
	if f.Err == nil && rs.Digest() != want {
		f.Fail("the digest is %016x, recomputed %016x", want, rs.Digest())
	}
	if f.Err == nil {
		if err := rs.Check(); err != nil {
			f.Fail("%v", err)
		}
	}
	if f.Err != nil {
		return nil, f.Err
	}
	return rs, nil
}

// read reads a room whose frame has just been taken, and returns the kind of the frame after it.
func (rs *Rooms) read(f *frame.Reader) frame.Kind {
	r := &Room{rooms: rs}
	r.no = uint32(len(rs.list))
	r.head.read(f)
	if f.Err != nil {
		return 0
	}
	r.init()
	for i := range r.lanes {
		r.lanes[i].schedule = schedule{f.U64(), f.U64()}
	}
	f.Done()
	rs.wantNew(f, r)
	f.Restart(frameRoom)
	kind := f.Read()
	for ; f.Err == nil && (kind == frameTickets || kind == frameActive); kind = f.Read() {
		if kind == frameTickets {
			r.readTickets(f)
		} else {
			r.readActive(f)
		}
		f.Done()
	}
	if f.Err == nil && uint32(len(r.pages)) != (r.tickets+ticketsInPage-1)/ticketsInPage {
		f.Fail("room %s: tickets are missing", r.id)
	}
	if f.Err == nil {
		r.settle(f)
	}
	if f.Err != nil {
		return 0
	}
	rs.add(r)
	return kind
}

// wantNew wants the room and its events to be in no other.
func (rs *Rooms) wantNew(f *frame.Reader, r *Room) {
	if _, twice := rs.byID[r.id]; twice {
		f.Fail("room %s twice", r.id)
	}
	for i, e := range r.events {
		if _, twice := rs.of[e]; twice {
			f.Fail("event %d has two rooms", e)
		}
		for _, other := range r.events[:i] {
			if other == e {
				f.Fail("event %d twice in room %s", e, r.id)
			}
		}
	}
}

func (h *head) read(f *frame.Reader) {
	h.id = string(f.Str(MaxID))
	h.events = f.U32s(MaxNights)
	h.cfg.read(f)
	copy(h.secret[:], f.Take(32))
	copy(h.seed[:], f.Take(32))
	copy(h.epoch[:], f.Take(16))
	n := f.U32()
	for i := uint32(0); i < n && i < maxEras && f.Err == nil; i++ {
		e := Era{First: f.U32()}
		copy(e.Salt[:], f.Take(16))
		h.eras = append(h.eras, e)
	}
	h.state, h.reason = State(f.U8()), string(f.Str(MaxReason))
	h.pace, h.keyNo, h.version = f.U32(), f.U32(), f.U64()
	h.phase, h.tickets = Phase(f.U8()), f.U32()
	h.drawAt, h.entrants, h.scanned, h.listed, h.drawn = f.I64(), f.U32(), f.U32(), f.U32(), f.U32()
	copy(h.digest[:], f.Take(32))
	h.since, h.credit, h.creditAt, h.general = f.I64(), f.I64(), f.I64(), f.U64()
	h.taken.read(f)
	h.gaveUp.read(f)
	h.gaveNear.read(f)
	if f.Err == nil && !h.sound() {
		f.Fail("room %q cannot be", h.id)
	}
}

// sound tells whether the head's numbers can be, by themselves.
func (h *head) sound() bool {
	return h.id != "" && len(h.events) > 0 && h.cfg.sound() && len(h.eras) > 0 && h.eras[0] == Era{} &&
		h.state <= Draining && h.phase <= Line && h.tickets <= maxTickets && h.pace >= 1 && h.pace <= h.cfg.NewPerMinute && h.keyNo >= 1 &&
		h.entrants <= h.tickets && h.scanned <= h.tickets && h.listed <= min(h.entrants, h.scanned) && h.drawn <= h.listed &&
		h.credit >= 0 && h.credit <= creditCap(h.pace) && (h.phase == Drawing || h.drawn == h.entrants) &&
		(h.phase != Drawing || h.drawn < h.entrants) && (h.drawn == 0 || h.listed == h.entrants) &&
		(h.drawAt != 0 || h.entrants == 0 && h.scanned == 0) && (h.phase != Before || h.drawAt == 0) && h.drawAt >= 0
}

func (c *Config) read(f *frame.Reader) {
	c.MaxActive, c.NewPerMinute = f.U32(), f.U32()
	c.FirstUse, c.Session, c.OpensAt = f.I64(), f.I64(), f.I64()
	c.Lobby, c.Auto = f.Flag(), f.Flag()
	n := f.U32()
	for i := uint32(0); i < n && i <= MaxTiers && f.Err == nil; i++ {
		c.Tiers = append(c.Tiers, Tier{Name: string(f.Str(MaxID)), General: f.U16(), Lane: f.U16()})
	}
}

func (m *minute) read(f *frame.Reader) {
	if m.newest = f.I64(); m.newest < 0 || m.newest > bucketOf(1<<63-1) {
		f.Fail("something happened in tenth of a second %d", m.newest)
		return
	}
	sum := uint64(0)
	for k := range int64(buckets) {
		n := f.U32()
		m.counts[(m.newest+1+k)%buckets] = n
		sum += uint64(n)
	}
	if m.sum = uint32(sum); sum > 1<<32-1 {
		f.Fail("%d in a minute", sum)
	}
}

func (r *Room) readTickets(f *frame.Reader) {
	no, used := f.U32(), f.U32()
	f.InOrder(no)
	if f.Err != nil || int(no) != len(r.pages) || no*ticketsInPage >= r.tickets || used != min(ticketsInPage, r.tickets-no*ticketsInPage) {
		f.Fail("%d tickets in page %d of room %s, which has %d", used, no, r.id, r.tickets)
		return
	}
	page := new([ticketsInPage]ticket)
	list := page[:used]
	for i := range list {
		copy(list[i].id[:], f.Take(16))
	}
	for i := range list {
		list[i].slot = f.U32()
	}
	for i := range list {
		list[i].nights = Nights(f.U32())
	}
	for i := range list {
		list[i].lane = f.U8()
	}
	for i := range list {
		list[i].state = f.U8()
	}
	all := r.nights()
	for i := range list {
		t := &list[i]
		if t.is() >= ticketStates || int(t.lane) >= len(r.lanes) || !t.nights.sound(all) || t.slot != noSlot && t.slot >= r.tickets {
			f.Fail("ticket %d of room %s", int(no)*ticketsInPage+i+1, r.id)
			return
		}
	}
	r.pages = append(r.pages, ticketPage{gen: r.rooms.gen, tickets: page})
}

func (r *Room) readActive(f *frame.Reader) {
	no, n := f.U32(), f.U32()
	f.InOrder(no)
	if n == 0 || n > activeInFrame || uint64(no)*activeInFrame != uint64(len(r.active.where)) {
		f.Fail("%d admissions in frame %d, %d before", n, no, len(r.active.where))
	}
	for last := uint32(0); n > 0 && f.Err == nil; n-- {
		ticket, deadline, holds := f.U32(), f.I64(), f.U8()
		if _, twice := r.active.where[ticket]; twice || !r.has(ticket) || ticket <= last {
			f.Fail("an admission of ticket %d in room %s", ticket, r.id)
			return
		}
		last = ticket
		r.active.put(r.rooms.gen, ticket, deadline)
		for ; holds > 0 && f.Err == nil; holds-- {
			at := holdAt{f.U32(), f.U32()}
			if _, twice := r.active.holder[at]; twice {
				f.Fail("hold %d of event %d is in two sessions", at.hold, at.event)
				return
			}
			r.active.change(r.rooms.gen, ticket, func(a *active) { a.holds = append(a.holds, at) })
			r.active.holder[at] = ticket
		}
	}
}
