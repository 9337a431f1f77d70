package proptest

import (
	"slices"

	"github.com/usherhq/usher/shard"
)

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
	if len(c.Payment) > shard.MaxPaymentLen || c.Amount < 0 || len(c.Parts) > shard.MaxItems || slices.ContainsFunc(c.Parts, negative) {
		out.Err = shard.ErrBadRequest
		return
	}
	if h := e.find(c.Hold); h != nil && h.Lease && c.Token == 0 {
		out.Err = shard.ErrTokenRequired
		return
	}
	h := m.usable(now, e, c.Hold, c.Token, out)
	if h == nil {
		if out.Err == shard.ErrAlreadyBooked {
			out.Number = e.find(c.Hold).Booking
		}
		return
	}
	b := e.sell(now, h, *c)
	if h.Bundle != nil {
		m.sellRest(now, h.Bundle, b, c)
	}
	out.Number, out.Token, out.Version = b.Number, e.token(h.Number), e.Version()
	e.remember(now, &c.Key, out)
}

func negative(amount int64) bool { return amount < 0 }

// sell makes a hold a booking.
func (e *ModelEvent) sell(now int64, h *ModelHold, c shard.Book) *ModelBooking {
	b := &ModelBooking{Number: uint32(len(e.Books) + 1), Hold: h, BookedAt: now, Book: c}
	e.Books = append(e.Books, b)
	e.move(h.Seats, shard.Booked)
	h.State, h.EndedAt, h.Booking = shard.HoldBooked, now, b.Number
	return b
}

// sellRest books what is here of a bundle beside its first hold, and notes what the parts
// of others cost.
func (m *Model) sellRest(now int64, b *ModelBundle, first *ModelBooking, c *shard.Book) {
	for i := range b.Parts {
		p := &b.Parts[i]
		if i < len(c.Parts) {
			p.Amount = c.Parts[i]
		}
		switch {
		case i == 0:
			p.Amount, p.Booking = c.Amount, first.Number
		case p.Group == 0:
			p.Booking = m.Events[p.Event].sell(now, p.Hold, shard.Book{Amount: p.Amount, Currency: c.Currency, Payment: c.Payment}).Number
		}
	}
	b.State, b.Pending = shard.BundleBooked, b.elsewhere()
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
	bundle := b.Hold.Bundle
	if bundle != nil && bundle.leader() != b.Hold {
		out.Err = shard.ErrUnknownBooking
		return
	}
	e.undo(now, b)
	if bundle != nil && bundle.State == shard.BundleBooked {
		m.undoParts(now, bundle)
	}
	out.Number, out.Token, out.Version = b.Number, e.token(b.Hold.Number), e.Version()
	e.remember(now, &c.Key, out)
}

// undo gives a booking's seats back, once.
func (e *ModelEvent) undo(now int64, b *ModelBooking) {
	if !b.Cancelled {
		e.move(b.Hold.Seats, shard.Available)
		b.Cancelled, b.CancelledAt = true, now
	}
}
