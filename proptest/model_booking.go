package proptest

import "github.com/usherhq/usher/shard"

// ModelBooking is a booking.
type ModelBooking struct {
	Number      uint32
	Hold        *ModelHold
	Cancelled   bool
	BookedAt    int64
	CancelledAt int64
	Book        shard.Book
}

func (m *Model) book(now int64, c *shard.Book, out *shard.Result) {
	e := m.begin(now, c.Event, &c.Key, out)
	if e == nil {
		return
	}
	if len(c.Payment) > shard.MaxPaymentLen || c.Amount < 0 {
		out.Err = shard.ErrBadRequest
		return
	}
	h := e.usable(now, c.Hold, c.Token, out)
	if h == nil {
		if out.Err == shard.ErrAlreadyBooked {
			out.Number = e.find(c.Hold).Booking
		}
		return
	}
	b := &ModelBooking{Number: uint32(len(e.Books) + 1), Hold: h, BookedAt: now, Book: *c}
	e.Books = append(e.Books, b)
	for _, seat := range h.Seats {
		e.set(seat, shard.Booked)
	}
	h.State, h.EndedAt, h.Booking = shard.HoldBooked, now, b.Number
	out.Number, out.Token, out.Version = b.Number, e.token(h.Number), e.Version()
	e.remember(now, &c.Key, out)
}

func (m *Model) cancel(now int64, c *shard.Cancel, out *shard.Result) {
	e := m.begin(now, c.Event, &c.Key, out)
	if e == nil {
		return
	}
	if c.Booking < 1 || int(c.Booking) > len(e.Books) {
		out.Err = shard.ErrUnknownBooking
		return
	}
	b := e.Books[c.Booking-1]
	if !b.Cancelled {
		for _, seat := range b.Hold.Seats {
			e.set(seat, shard.Available)
		}
		b.Cancelled, b.CancelledAt = true, now
	}
	out.Number, out.Token, out.Version = b.Number, e.token(b.Hold.Number), e.Version()
	e.remember(now, &c.Key, out)
}
