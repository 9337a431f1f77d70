package shard

// BookingState is where a booking stands.
type BookingState uint8

// The states of a booking. Numbers are in snapshots: they never change.
const (
	BookingBooked    BookingState = 1
	BookingCancelled BookingState = 2
)

// Book sells a hold's seats to its holder.
type Book struct {
	Event    uint32
	Hold     uint32
	Token    uint64  // 0: not checked
	Amount   int64   // minor units
	Currency [3]byte // zero: no amount
	Payment  []byte  // the provider's id, ≤ MaxPaymentLen
	// Parts are what each of a bundle's holds costs, in the bundle's order, the home's first;
	// none: all but the home's, which costs Amount, are free.
	Parts []int64
	Key   Key
}

// Cancel takes a booking back: its seats are available again.
type Cancel struct {
	Event   uint32
	Booking uint32
	Key     Key
}

// BookingInfo is a booking as it stands; its slices are the caller's.
type BookingInfo struct {
	Number      uint32
	Hold        uint32
	State       BookingState
	BookedAt    int64
	CancelledAt int64
	Amount      int64
	Currency    [3]byte
	Holder      string
	Payment     string
	Bundle      uint32 // number of the bundle it is part of; 0: of none
	Seats       []uint32
}

const booksInPage = 64

// book is one booking; text is the holder's id followed by the payment's.
type book struct {
	hold        uint32
	bundle      uint32
	seatsAt     uint32
	textAt      uint32
	count       uint16
	holderLen   uint8
	paymentLen  uint8
	state       BookingState
	currency    [3]byte
	bookedAt    int64
	cancelledAt int64
	amount      int64
}

type bookPage struct {
	gen   uint64
	used  uint32
	text  []byte   // only ever appended to
	seats []uint32 // only ever appended to
	recs  [booksInPage]book
}

// Book turns the hold into a booking.
func (s *State) Book(now int64, c *Book, out *Result) {
	e, ok := s.begin(now, c.Event, &c.Key, out)
	if !ok {
		return
	}
	if !c.sound() {
		out.Err = ErrBadRequest
		return
	}
	if p, i := e.hold(c.Hold); p != nil && c.Token == 0 && p.flags[i]&HoldLease != 0 {
		out.Err = ErrTokenRequired
		return
	}
	if out.Err = s.usable(now, e, c.Hold, c.Token, out); out.Err != nil {
		if p, i := e.hold(c.Hold); out.Err == ErrAlreadyBooked {
			out.Number = uint32(p.expires[i])
		}
		return
	}
	e = s.own(c.Event)
	n := e.sell(now, c.Hold, c)
	s.sellRest(now, e, c)
	out.Number, out.Token, out.Version = n, e.Token(c.Hold), e.version
	e.remember(now, &c.Key, out)
}

func (c *Book) sound() bool {
	for _, amount := range c.Parts {
		if amount < 0 {
			return false
		}
	}
	return len(c.Payment) <= MaxPaymentLen && c.Amount >= 0 && len(c.Parts) <= MaxItems
}

// sell makes a hold that is held a booking, and returns its number.
func (e *Event) sell(now int64, hold uint32, c *Book) uint32 {
	e.lastBook++
	n := e.lastBook
	e.putBook(n, now, hold, c)
	p, i := e.hold(hold)
	for _, seat := range p.seatsOf(i) {
		if seat >= areaBit {
			e.shift(seat, Held, Booked)
		} else {
			e.set(seat, Booked, hold)
		}
	}
	e.end(now, hold, HoldBooked, int64(n))
	return n
}

// putBook writes the booking's record from its hold's.
func (e *Event) putBook(n uint32, now int64, hold uint32, c *Book) {
	b, i := e.ownBook(n)
	b.used++
	h, hi := e.hold(hold)
	seats, holder := h.seatsOf(hi), h.holder(hi)
	b.recs[i] = book{
		hold: hold, bundle: h.bundle(hi), seatsAt: uint32(len(b.seats)), textAt: uint32(len(b.text)), count: uint16(len(seats)),
		holderLen: uint8(len(holder)), paymentLen: uint8(len(c.Payment)), state: BookingBooked,
		currency: c.Currency, bookedAt: now, amount: c.Amount,
	}
	b.seats = append(b.seats, seats...)
	b.text = append(append(b.text, holder...), c.Payment...)
	e.sum += b.sum(i, n)
}

// Cancel frees the booking's seats. Repeating it changes nothing and is no error.
func (s *State) Cancel(now int64, c *Cancel, out *Result) {
	e, ok := s.begin(now, c.Event, &c.Key, out)
	if !ok {
		return
	}
	if c.Booking == 0 || c.Booking > e.lastBook || !s.leadsBooking(e, c.Booking) {
		out.Err = ErrUnknownBooking
		return
	}
	e = s.own(c.Event)
	r := e.undo(now, c.Booking)
	s.undoRest(now, r.bundle)
	out.Number, out.Token, out.Version = c.Booking, e.Token(r.hold), e.version
	e.remember(now, &c.Key, out)
}

// undo gives the seats of a booking back, if it stands.
func (e *Event) undo(now int64, n uint32) *book {
	b, i := e.ownBook(n)
	r := &b.recs[i]
	if r.state != BookingBooked {
		return r
	}
	seats := b.seatsOf(i)
	for _, seat := range seats {
		if seat >= areaBit {
			e.shift(seat, Booked, Available)
		} else {
			e.set(seat, e.vacant(seat), r.hold)
		}
	}
	e.lose(b.holder(i), seats)
	e.sum -= b.sum(i, n)
	r.state, r.cancelledAt = BookingCancelled, now
	e.sum += b.sum(i, n)
	return r
}

// ownBook returns a booking's page for writing; the newest booking gets its page made.
func (e *Event) ownBook(n uint32) (*bookPage, uint32) {
	pg, i := (n-1)/booksInPage, (n-1)%booksInPage
	if int(pg) == len(e.books) {
		e.books = append(e.books, &bookPage{gen: e.gen})
	}
	p := e.books[pg]
	if p.gen != e.gen {
		c := *p
		c.gen = e.gen
		p = &c
		e.books[pg] = p
	}
	return p, i
}

func (p *bookPage) seatsOf(i uint32) []uint32 {
	r := &p.recs[i]
	return p.seats[r.seatsAt : r.seatsAt+uint32(r.count)]
}

func (p *bookPage) holder(i uint32) []byte {
	r := &p.recs[i]
	return p.text[r.textAt : r.textAt+uint32(r.holderLen)]
}

func (p *bookPage) payment(i uint32) []byte {
	r := &p.recs[i]
	at := r.textAt + uint32(r.holderLen)
	return p.text[at : at+uint32(r.paymentLen)]
}

// booking is where booking n stands, 1 ≤ n ≤ lastBook, for reading.
func (e *Event) booking(n uint32) (*bookPage, uint32) {
	return e.books[(n-1)/booksInPage], (n - 1) % booksInPage
}

// Bookings is the number of bookings ever made; they are numbered 1…Bookings().
func (e *Event) Bookings() uint32 { return e.lastBook }

// BookingInfo reads a booking.
func (e *Event) BookingInfo(n uint32) (BookingInfo, bool) {
	if n == 0 || n > e.lastBook {
		return BookingInfo{}, false
	}
	p, i := e.booking(n)
	r := &p.recs[i]
	return BookingInfo{
		Number: n, Hold: r.hold, State: r.state, BookedAt: r.bookedAt, CancelledAt: r.cancelledAt,
		Amount: r.amount, Currency: r.currency, Holder: string(p.holder(i)), Payment: string(p.payment(i)),
		Seats: append([]uint32(nil), p.seatsOf(i)...), Bundle: r.bundle,
	}, true
}
