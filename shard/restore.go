package shard

import (
	"io"
)

// Restore reads a snapshot. Every frame's checksum, order and every number's range is
// verified, the digest is recomputed and compared, and the whole state is put through
// Check: checksums only tell of accidents, and what a replica sells from must be sound
// also when a wrong program wrote it. What comes back is either the state that was
// frozen or an error that wraps ErrBadSnapshot and says where.
func Restore(r io.Reader) (*State, error) {
	f := &frameReader{r: r}
	if f.read() != frameHeader || string(f.take(8)) != "USHERSNP" {
		f.fail("this is no snapshot")
	}
	if f.version = f.u16(); f.err == nil && (f.version < 1 || f.version > snapshotVersion) {
		f.fail("version %d, this program reads 1 to %d", f.version, snapshotVersion)
	}
	s := New()
	s.now = f.i64()
	charts, events := f.u32(), f.u32()
	f.done()
	if charts > MaxEvents || events > MaxEvents {
		f.fail("%d charts, %d events", charts, events)
	}
	s.readCharts(f, charts)
	kind := f.read()
	for ; f.err == nil && kind == frameEvent; kind = s.readEvent(f) {
	}
	if f.err == nil && kind == frameBundles && f.version > 1 {
		kind = s.readBundles(f)
	}
	if f.err == nil && kind != frameTrailer {
		f.fail("a frame of kind %d where an event or the end was expected", kind)
	}
	want := f.u64()
	f.done()
	if f.err == nil && len(s.events) != int(events) {
		f.fail("%d events of %d", len(s.events), events)
	}
	if f.err == nil && f.version > 2 && versionFor(s.events) < f.version {
		f.fail("version %d, and nothing in it was ever restored", f.version)
	}
	if f.err == nil && s.Digest() != want {
		f.fail("the digest is %016x, recomputed %016x", want, s.Digest())
	}
	if f.err == nil {
		if err := s.Check(); err != nil {
			f.fail("%v", err)
		}
	}
	if f.err != nil {
		return nil, f.err
	}
	return s, nil
}

func (s *State) readCharts(f *frameReader, n uint32) {
	var list []*Chart
	for ; n > 0 && f.err == nil; n-- {
		if f.read() != frameChart {
			f.fail("a chart is missing")
			return
		}
		ch := &Chart{}
		copy(ch.Sum[:], f.take(32))
		copy(ch.Blob[:], f.take(32))
		ch.Seats, ch.Size = f.u32(), f.u32()
		ch.Data = f.str(MaxChartBytes)
		f.done()
		list = append(list, ch)
	}
	var err error
	if s.Charts, err = RestoreCharts(list); err != nil {
		f.fail("%v", err)
	}
}

// readEvent reads an event whose header frame has just been taken, and returns the kind
// of the frame after it.
func (s *State) readEvent(f *frameReader) frameKind {
	e := &Event{gen: s.gen, no: uint32(len(s.events)), due: never}
	s.readHeader(e, f)
	if f.err != nil {
		return 0
	}
	if _, twice := s.byID[e.id]; twice {
		f.fail("event %s twice", e.id)
		return 0
	}
	f.last = uint64(frameEvent) << 32
	kind := f.read()
	for ; f.err == nil; kind = f.read() {
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
		f.done()
	}
	return 0
}

func (s *State) readHeader(e *Event, f *frameReader) {
	e.id = string(f.str(MaxEventIDLen))
	copy(e.chart[:], f.take(32))
	copy(e.epoch[:], f.take(16))
	copy(e.secret[:], f.take(32))
	e.seats = f.u32()
	e.era.Base = f.u64()
	e.created, e.onsale = f.i64(), f.i64()
	e.maxKeys = f.u32()
	e.meta = f.str(MaxMetaLen)
	e.version = f.u64()
	e.lastHold, e.lastBook = f.u32(), f.u32()
	e.keys.head, e.keys.next = f.u64(), f.u64()
	if e.seats > MaxSeats || e.era.Base > MaxToken || e.keys.head > e.keys.next || e.keys.next-e.keys.head > uint64(e.maxKeys) {
		f.fail("event %q has %d seats, token base %d, keys %d…%d", e.id, e.seats, e.era.Base, e.keys.head, e.keys.next)
		return
	}
	e.keys.base = e.keys.head / keysInPage
	e.seatPages = newSeatPages(e.gen, e.seats)
	last := -1
	for n := f.u32(); n > 0 && f.err == nil; n-- {
		seat, reason := f.u32(), string(f.str(MaxReasonLen))
		if int(seat) <= last || seat >= e.seats {
			f.fail("a reason for seat %d", seat)
			return
		}
		last = int(seat)
		if e.reasons == nil {
			e.reasons = make(map[uint32]string)
		}
		e.reasons[seat] = reason
		e.sum += reasonSum(seat, reason)
	}
	if f.version > 1 {
		s.readRules(e, f)
	}
	if f.version > 2 {
		e.readEras(f)
	}
	f.done()
}

func (e *Event) readSeats(f *frameReader) {
	no := f.u32()
	f.inOrder(no)
	packed, owners, versions := f.take(seatsInPage/4), f.take(4*seatsInPage), f.take(8*seatsInPage)
	if f.err != nil || int(no) >= len(e.seatPages) {
		f.fail("seat page %d of %d", no, len(e.seatPages))
		return
	}
	p := e.seatPages[no]
	if f.version > 1 && f.flag() {
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
			f.fail("seat %d: owner %d, version %d", seat, p.owner[i], p.version[i])
			return
		}
	}
	if p.version == [seatsInPage]uint64{} {
		f.fail("seat page %d says nothing", no)
	}
}

func (e *Event) readHolds(f *frameReader) {
	first, used := f.u32(), f.u32()
	f.inOrder(first)
	if f.err != nil || first%holdsInPage != 1 || first > e.lastHold || used != min(holdsInPage, e.lastHold-first+1) {
		f.fail("%d holds from %d, the newest is %d", used, first, e.lastHold)
		return
	}
	b, pg, _ := split(first)
	for int(b) >= len(e.blocks) {
		e.blocks = append(e.blocks, nil)
	}
	if e.blocks[b] == nil {
		e.blocks[b] = &holdBlock{gen: e.gen, due: never}
	}
	p := &holdPage{gen: e.gen, used: used, lastEnded: f.i64()}
	for i := uint32(0); i < used && f.err == nil; i++ {
		e.readHold(f, p, i)
		if f.err == nil {
			e.sum += p.sum(i, first+i)
		}
	}
	p.due = p.exactDue()
	e.blocks[b].pages[pg] = p
	e.blocks[b].due = min(e.blocks[b].due, p.due)
	e.due = min(e.due, p.due)
}

func (e *Event) readHold(f *frameReader, p *holdPage, i uint32) {
	p.state[i] = HoldState(f.u8())
	p.heldAt[i], p.expires[i] = f.i64(), f.i64()
	seats, holder := f.u32s(MaxSeatsPerHold), f.str(MaxHolderLen)
	if f.err != nil {
		return
	}
	if p.state[i] < HoldHeld || p.state[i] > HoldExpired {
		f.fail("a hold in state %d", p.state[i])
	}
	e.wantSeats(f, seats)
	if p.state[i] == HoldHeld {
		p.active++
	}
	p.putSeats(i, seats)
	p.putHolder(i, holder)
	if f.version == 1 {
		return
	}
	p.flags[i] = HoldFlags(f.u8())
	p.putBundle(i, f.u32())
	if p.flags[i]&^holdFlags != 0 {
		f.fail("a hold with flags %x", p.flags[i])
	}
}

func (e *Event) wantSeats(f *frameReader, seats []uint32) {
	if err := e.checkSeats(seats, MaxSeatsPerHold); f.err == nil && err != nil {
		f.fail("%d seats: %v", len(seats), err)
	}
}

func (e *Event) readBooks(f *frameReader) {
	no, used := f.u32(), f.u32()
	f.inOrder(no)
	if f.err != nil || int(no) != len(e.books) || no*booksInPage >= e.lastBook || used != min(booksInPage, e.lastBook-no*booksInPage) {
		f.fail("%d bookings in page %d, the newest is %d", used, no, e.lastBook)
		return
	}
	p := &bookPage{gen: e.gen, used: used}
	e.books = append(e.books, p)
	for i := uint32(0); i < used && f.err == nil; i++ {
		r := &p.recs[i]
		r.state, r.hold = BookingState(f.u8()), f.u32()
		r.bookedAt, r.cancelledAt, r.amount = f.i64(), f.i64(), f.i64()
		copy(r.currency[:], f.take(3))
		seats, holder, payment := f.u32s(MaxSeatsPerHold), f.str(MaxHolderLen), f.str(MaxPaymentLen)
		e.wantSeats(f, seats)
		if f.err != nil {
			return
		}
		r.seatsAt, r.textAt, r.count = uint32(len(p.seats)), uint32(len(p.text)), uint16(len(seats))
		r.holderLen, r.paymentLen = uint8(len(holder)), uint8(len(payment))
		p.seats = append(p.seats, seats...)
		p.text = append(append(p.text, holder...), payment...)
		if f.version > 1 {
			r.bundle = f.u32()
		}
		e.sum += p.sum(i, no*booksInPage+i+1)
	}
}

func (e *Event) readKeys(f *frameReader) {
	seq, n := f.u64(), f.u32()
	t := &e.keys
	f.inOrder(uint32(len(t.pages)))
	at := t.head
	if len(t.pages) > 0 {
		at = (t.base + uint64(len(t.pages))) * keysInPage
	}
	if f.err != nil || seq != at || n == 0 || seq%keysInPage+uint64(n) > keysInPage || seq+uint64(n) > t.next ||
		(seq+uint64(n))%keysInPage != 0 && seq+uint64(n) != t.next {
		f.fail("%d idempotency keys from %d", n, seq)
		return
	}
	p := &keyPage{gen: e.gen}
	t.pages = append(t.pages, p)
	for stop := seq + uint64(n); seq < stop && f.err == nil; seq++ {
		a := &p.recs[seq%keysInPage]
		copy(a.key.Hash[:], f.take(16))
		copy(a.key.Print[:], f.take(32))
		a.at, a.token, a.version, a.expires = f.i64(), f.u64(), f.u64(), f.i64()
		a.number, a.count = f.u32(), f.u32()
		e.sum += a.sum(seq)
		t.put(a.key.Hash, seq)
	}
}

// settle completes an event whose frames have all been read.
func (e *Event) settle(f *frameReader) {
	if uint64(len(e.books)) != (uint64(e.lastBook)+booksInPage-1)/booksInPage {
		f.fail("event %s: bookings are missing", e.id)
		return
	}
	t := &e.keys
	if t.next > t.head && t.next > (t.base+uint64(len(t.pages)))*keysInPage {
		f.fail("event %s: idempotency keys are missing", e.id)
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
func (e *Event) settleHolds(f *frameReader) {
	if e.lastHold == 0 {
		return
	}
	b, pg, i := split(e.lastHold)
	for int(b) >= len(e.blocks) {
		e.blocks = append(e.blocks, nil)
	}
	k := e.blocks[b]
	if i+1 < holdsInPage && (k == nil || k.pages[pg] == nil) {
		f.fail("event %s: its newest holds are missing", e.id)
		return
	}
	if k == nil {
		// Purged whole, but its block may still have to take newer holds.
		e.blocks[b] = &holdBlock{gen: e.gen, due: never}
	}
}
