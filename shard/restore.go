package shard

import (
	"io"

	"github.com/usherhq/usher/shard/frame"
)

// Restore reads a snapshot. Every frame's checksum, order and every number's range is
// verified, the digest is recomputed and compared, and the whole state is put through
// Check: checksums only tell of accidents, and what a replica sells from must be sound
// also when a wrong program wrote it. What comes back is either the state that was
// frozen or an error that wraps ErrBadSnapshot and says where.
func Restore(r io.Reader) (*State, error) {
	f := frame.NewReader(r, maxFrame, ErrBadSnapshot)
	if f.Read() != frameHeader || string(f.Take(8)) != "USHERSNP" {
		f.Fail("this is no snapshot")
	}
	if f.Version = f.U16(); f.Err == nil && (f.Version < 1 || f.Version > snapshotVersion) {
		f.Fail("version %d, this program reads 1 to %d", f.Version, snapshotVersion)
	}
	s := New()
	s.now = f.I64()
	charts, events := f.U32(), f.U32()
	f.Done()
	if charts > MaxEvents || events > MaxEvents {
		f.Fail("%d charts, %d events", charts, events)
	}
	s.readCharts(f, charts)
	kind := f.Read()
	for ; f.Err == nil && kind == frameEvent; kind = s.readEvent(f) {
	}
	if f.Err == nil && kind == frameBundles && f.Version > 1 {
		kind = s.readBundles(f)
	}
	if f.Err == nil && kind != frameTrailer {
		f.Fail("a frame of kind %d where an event or the end was expected", kind)
	}
	want := f.U64()
	f.Done()
	if f.Err == nil && len(s.events) != int(events) {
		f.Fail("%d events of %d", len(s.events), events)
	}
	if f.Err == nil && f.Version > 2 && versionFor(s.events) < f.Version {
		f.Fail("version %d, and nothing in it was ever restored", f.Version)
	}
	if f.Err == nil && s.Digest() != want {
		f.Fail("the digest is %016x, recomputed %016x", want, s.Digest())
	}
	if f.Err == nil {
		if err := s.Check(); err != nil {
			f.Fail("%v", err)
		}
	}
	if f.Err != nil {
		return nil, f.Err
	}
	return s, nil
}

func (s *State) readCharts(f *frame.Reader, n uint32) {
	var list []*Chart
	for ; n > 0 && f.Err == nil; n-- {
		if f.Read() != frameChart {
			f.Fail("a chart is missing")
			return
		}
		ch := &Chart{}
		copy(ch.Sum[:], f.Take(32))
		copy(ch.Blob[:], f.Take(32))
		ch.Seats, ch.Size = f.U32(), f.U32()
		ch.Data = f.Str(MaxChartBytes)
		f.Done()
		list = append(list, ch)
	}
	var err error
	if s.Charts, err = RestoreCharts(list); err != nil {
		f.Fail("%v", err)
	}
}

// readEvent reads an event whose header frame has just been taken, and returns the kind
// of the frame after it.
func (s *State) readEvent(f *frame.Reader) frame.Kind {
	e := &Event{gen: s.gen, no: uint32(len(s.events)), due: never}
	s.readHeader(e, f)
	if f.Err != nil {
		return 0
	}
	if _, twice := s.byID[e.id]; twice {
		f.Fail("event %s twice", e.id)
		return 0
	}
	f.Restart(frameEvent)
	kind := f.Read()
	for ; f.Err == nil; kind = f.Read() {
		switch kind {
		case frameSeats:
			e.readSeats(f)
		case frameHolds:
			e.readHolds(f)
		case frameBooks:
			e.readBooks(f)
		case frameKeys:
			e.readKeys(f)
		default:
			e.settle(f)
			s.events = append(s.events, e)
			s.byID[e.id] = e.no
			return kind
		}
		f.Done()
	}
	return 0
}

func (s *State) readHeader(e *Event, f *frame.Reader) {
	e.id = string(f.Str(MaxEventIDLen))
	copy(e.chart[:], f.Take(32))
	copy(e.epoch[:], f.Take(16))
	copy(e.secret[:], f.Take(32))
	e.seats = f.U32()
	e.era.Base = f.U64()
	e.created, e.onsale = f.I64(), f.I64()
	e.maxKeys = f.U32()
	e.meta = f.Str(MaxMetaLen)
	e.version = f.U64()
	e.lastHold, e.lastBook = f.U32(), f.U32()
	e.keys.head, e.keys.next = f.U64(), f.U64()
	if e.seats > MaxSeats || e.era.Base > MaxToken || e.keys.head > e.keys.next || e.keys.next-e.keys.head > uint64(e.maxKeys) {
		f.Fail("event %q has %d seats, token base %d, keys %d…%d", e.id, e.seats, e.era.Base, e.keys.head, e.keys.next)
		return
	}
	e.keys.base = e.keys.head / keysInPage
	e.seatPages = newSeatPages(e.gen, e.seats)
	last := -1
	for n := f.U32(); n > 0 && f.Err == nil; n-- {
		seat, reason := f.U32(), string(f.Str(MaxReasonLen))
		if int(seat) <= last || seat >= e.seats {
			f.Fail("a reason for seat %d", seat)
			return
		}
		last = int(seat)
		if e.reasons == nil {
			e.reasons = make(map[uint32]string)
		}
		e.reasons[seat] = reason
		e.sum += reasonSum(seat, reason)
	}
	if f.Version > 1 {
		s.readRules(e, f)
	}
	if f.Version > 2 {
		e.readEras(f)
	}
	f.Done()
}

func (e *Event) readSeats(f *frame.Reader) {
	no := f.U32()
	f.InOrder(no)
	packed, owners, versions := f.Take(seatsInPage/4), f.Take(4*seatsInPage), f.Take(8*seatsInPage)
	if f.Err != nil || int(no) >= len(e.seatPages) {
		f.Fail("seat page %d of %d", no, len(e.seatPages))
		return
	}
	p := e.seatPages[no]
	if f.Version > 1 && f.Flag() {
		e.readChannels(f, no)
	}
	copy(p.packed[:], packed)
	for i := range uint32(seatsInPage) {
		p.owner[i] = le32(owners[4*i:])
		p.version[i] = le64(versions[8*i:])
		seat := no<<seatShift + i
		if p.version[i] == 0 && p.owner[i] == 0 && p.status(i) == Available {
			continue
		}
		if seat >= e.seats || p.version[i] == 0 || p.version[i] > e.version || p.owner[i] > e.lastHold {
			f.Fail("seat %d: owner %d, version %d", seat, p.owner[i], p.version[i])
			return
		}
	}
	if p.version == [seatsInPage]uint64{} {
		f.Fail("seat page %d says nothing", no)
	}
}

func (e *Event) readHolds(f *frame.Reader) {
	first, used := f.U32(), f.U32()
	f.InOrder(first)
	if f.Err != nil || first%holdsInPage != 1 || first > e.lastHold || used != min(holdsInPage, e.lastHold-first+1) {
		f.Fail("%d holds from %d, the newest is %d", used, first, e.lastHold)
		return
	}
	b, pg, _ := split(first)
	for int(b) >= len(e.blocks) {
		e.blocks = append(e.blocks, nil)
	}
	if e.blocks[b] == nil {
		e.blocks[b] = &holdBlock{gen: e.gen, due: never}
	}
	p := &holdPage{gen: e.gen, used: used, lastEnded: f.I64()}
	for i := uint32(0); i < used && f.Err == nil; i++ {
		e.readHold(f, p, i)
		if f.Err == nil {
			e.sum += p.sum(i, first+i)
		}
	}
	p.due = p.exactDue()
	e.blocks[b].pages[pg] = p
	e.blocks[b].due = min(e.blocks[b].due, p.due)
	e.due = min(e.due, p.due)
}

func (e *Event) readHold(f *frame.Reader, p *holdPage, i uint32) {
	p.state[i] = HoldState(f.U8())
	p.heldAt[i], p.expires[i] = f.I64(), f.I64()
	seats, holder := f.U32s(MaxSeatsPerHold), f.Str(MaxHolderLen)
	if f.Err != nil {
		return
	}
	if p.state[i] < HoldHeld || p.state[i] > HoldExpired {
		f.Fail("a hold in state %d", p.state[i])
	}
	e.wantSeats(f, seats)
	if p.state[i] == HoldHeld {
		p.active++
	}
	p.putSeats(i, seats)
	p.putHolder(i, holder)
	if f.Version == 1 {
		return
	}
	p.flags[i] = HoldFlags(f.U8())
	p.putBundle(i, f.U32())
	if p.flags[i]&^holdFlags != 0 {
		f.Fail("a hold with flags %x", p.flags[i])
	}
}

func (e *Event) wantSeats(f *frame.Reader, seats []uint32) {
	if err := e.checkSeats(seats, MaxSeatsPerHold); f.Err == nil && err != nil {
		f.Fail("%d seats: %v", len(seats), err)
	}
}

func (e *Event) readBooks(f *frame.Reader) {
	no, used := f.U32(), f.U32()
	f.InOrder(no)
	if f.Err != nil || int(no) != len(e.books) || no*booksInPage >= e.lastBook || used != min(booksInPage, e.lastBook-no*booksInPage) {
		f.Fail("%d bookings in page %d, the newest is %d", used, no, e.lastBook)
		return
	}
	p := &bookPage{gen: e.gen, used: used}
	e.books = append(e.books, p)
	for i := uint32(0); i < used && f.Err == nil; i++ {
		r := &p.recs[i]
		r.state, r.hold = BookingState(f.U8()), f.U32()
		r.bookedAt, r.cancelledAt, r.amount = f.I64(), f.I64(), f.I64()
		copy(r.currency[:], f.Take(3))
		seats, holder, payment := f.U32s(MaxSeatsPerHold), f.Str(MaxHolderLen), f.Str(MaxPaymentLen)
		e.wantSeats(f, seats)
		if f.Err != nil {
			return
		}
		r.seatsAt, r.textAt, r.count = uint32(len(p.seats)), uint32(len(p.text)), uint16(len(seats))
		r.holderLen, r.paymentLen = uint8(len(holder)), uint8(len(payment))
		p.seats = append(p.seats, seats...)
		p.text = append(append(p.text, holder...), payment...)
		if f.Version > 1 {
			r.bundle = f.U32()
		}
		e.sum += p.sum(i, no*booksInPage+i+1)
	}
}

func (e *Event) readKeys(f *frame.Reader) {
	seq, n := f.U64(), f.U32()
	t := &e.keys
	f.InOrder(uint32(len(t.pages)))
	at := t.head
	if len(t.pages) > 0 {
		at = (t.base + uint64(len(t.pages))) * keysInPage
	}
	if f.Err != nil || seq != at || n == 0 || seq%keysInPage+uint64(n) > keysInPage || seq+uint64(n) > t.next ||
		(seq+uint64(n))%keysInPage != 0 && seq+uint64(n) != t.next {
		f.Fail("%d idempotency keys from %d", n, seq)
		return
	}
	p := &keyPage{gen: e.gen}
	t.pages = append(t.pages, p)
	for stop := seq + uint64(n); seq < stop && f.Err == nil; seq++ {
		a := &p.recs[seq%keysInPage]
		copy(a.key.Hash[:], f.Take(16))
		copy(a.key.Print[:], f.Take(32))
		a.at, a.token, a.version, a.expires = f.I64(), f.U64(), f.U64(), f.I64()
		a.number, a.count = f.U32(), f.U32()
		e.sum += a.sum(seq)
		t.put(a.key.Hash, seq)
	}
}

// settle completes an event whose frames have all been read.
func (e *Event) settle(f *frame.Reader) {
	if uint64(len(e.books)) != (uint64(e.lastBook)+booksInPage-1)/booksInPage {
		f.Fail("event %s: bookings are missing", e.id)
		return
	}
	t := &e.keys
	if t.next > t.head && t.next > (t.base+uint64(len(t.pages)))*keysInPage {
		f.Fail("event %s: idempotency keys are missing", e.id)
		return
	}
	e.settleHolds(f)
	for i, p := range e.seatPages {
		for j := range uint32(seatsInPage) {
			seat := uint32(i)<<seatShift + j
			if seat < e.seats {
				*e.counts.of(p.status(j))++
				e.sum += seatSum(seat, p.status(j), p.owner[j], p.version[j])
			}
		}
	}
	e.has = e.tally()
	e.due = min(e.due, t.due())
}

// settleHolds makes the blocks reach the newest hold, which is never purged alone: its
// page is dropped only when full.
func (e *Event) settleHolds(f *frame.Reader) {
	if e.lastHold == 0 {
		return
	}
	b, pg, i := split(e.lastHold)
	for int(b) >= len(e.blocks) {
		e.blocks = append(e.blocks, nil)
	}
	k := e.blocks[b]
	if i+1 < holdsInPage && (k == nil || k.pages[pg] == nil) {
		f.Fail("event %s: its newest holds are missing", e.id)
		return
	}
	if k == nil {
		// Purged whole, but its block may still have to take newer holds.
		e.blocks[b] = &holdBlock{gen: e.gen, due: never}
	}
}
