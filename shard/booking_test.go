package shard

import (
	"bytes"
	"slices"
	"testing"
)

func TestBook(t *testing.T) {
	w := newWorld(t, 8)
	h := w.ok(w.hold(0, 1, 2, 5, 6))
	w.later(10)
	b := w.ok(w.book(h.Number, h.Token))
	if b.Number != 1 || b.Token != h.Token || b.Version != 10 {
		t.Fatalf("answer is %+v", b)
	}
	w.seats("22200220")
	got, ok := w.event().BookingInfo(1)
	want := BookingInfo{
		Number: 1, Hold: h.Number, State: BookingBooked, BookedAt: w.now, Amount: 12_50, Currency: [3]byte{'E', 'U', 'R'},
		Holder: "ann", Payment: "pay_1",
	}
	seats := got.Seats
	got.Seats = nil
	if !ok || !slices.Equal(seats, []uint32{0, 1, 2, 5, 6}) || got.Holder != want.Holder || got.Payment != want.Payment ||
		got.Hold != want.Hold || got.State != want.State || got.BookedAt != want.BookedAt || got.Amount != want.Amount || got.Currency != want.Currency {
		t.Fatalf("booking is %+v of %v, want %+v", got, seats, want)
	}
	if i := w.holdState(h.Number, HoldBooked); i.Booking != 1 || i.Expires != 0 {
		t.Fatalf("hold is %+v", i)
	}
	w.later(MaxTTL)
	w.expire(100)
	w.seats("22200220") // what is booked does not expire
}

func TestBookRefusals(t *testing.T) {
	for name, tc := range map[string]struct {
		c    Book
		want error
		no   uint32
	}{
		"unknown event":    {Book{Event: 1, Hold: 1}, ErrUnknownEvent, 0},
		"hold 0":           {Book{}, ErrUnknownHold, 0},
		"unknown hold":     {Book{Hold: 4}, ErrUnknownHold, 0},
		"wrong token":      {Book{Hold: 1, Token: 3}, ErrStaleFencingToken, 0},
		"booked":           {Book{Hold: 2, Token: 2}, ErrAlreadyBooked, 1},
		"released":         {Book{Hold: 3, Token: 3}, ErrHoldReleased, 0},
		"payment too long": {Book{Hold: 1, Payment: make([]byte, MaxPaymentLen+1)}, ErrBadRequest, 0},
		"negative amount":  {Book{Hold: 1, Amount: -1}, ErrBadRequest, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 4)
			w.ok(w.hold(0))
			w.ok(w.book(w.ok(w.hold(1)).Number, 0))
			w.ok(w.release(w.ok(w.hold(2)).Number, 0))
			w.unchanged(func() {
				var out Result
				w.s.Book(w.now, &tc.c, &out)
				if w.refused(tc.want, out); out.Number != tc.no {
					t.Errorf("the answer names booking %d, want %d", out.Number, tc.no)
				}
			})
		})
	}
}

func TestCancelFreesTheSeats(t *testing.T) {
	w := newWorld(t, 3)
	h := w.ok(w.hold(0, 1))
	b := w.ok(w.book(h.Number, h.Token))
	w.later(10)
	if out := w.ok(w.cancel(b.Number)); out.Number != b.Number || out.Token != h.Token || out.Version != 6 {
		t.Fatalf("answer is %+v", out)
	}
	w.seats("000")
	i, _ := w.event().BookingInfo(b.Number)
	if i.State != BookingCancelled || i.CancelledAt != w.now {
		t.Fatalf("booking is %+v", i)
	}
	next := w.ok(w.hold(1))
	digest := w.s.Digest()
	w.later(0)
	w.ok(w.cancel(b.Number)) // again: no error, and the new holder's seat stays
	if w.s.Digest() != digest {
		t.Fatal("cancelling twice changed something")
	}
	w.seats("010")
	w.refused(ErrAlreadyBooked, w.release(h.Number, h.Token))
	w.ok(w.book(next.Number, next.Token))
	w.seats("020")
}

func TestCancelRefusals(t *testing.T) {
	w := newWorld(t, 3)
	w.ok(w.book(w.ok(w.hold(0)).Number, 0))
	w.unchanged(func() {
		for _, n := range []uint32{0, 2, ^uint32(0)} {
			w.refused(ErrUnknownBooking, w.cancel(n))
		}
		var out Result
		w.s.Cancel(w.now, &Cancel{Event: 1, Booking: 1}, &out)
		w.refused(ErrUnknownEvent, out)
	})
}

// More than one page of bookings, each with its own seats and texts.
func TestManyBookings(t *testing.T) {
	const n = 3*booksInPage + 5
	w := newWorld(t, n)
	for i := range uint32(n) {
		h := w.ok(w.hold(i))
		var out Result
		w.s.Book(w.now, &Book{Hold: h.Number, Token: h.Token, Payment: bytes.Repeat([]byte{byte('a' + i%26)}, int(i%20))}, &out)
		w.ok(out)
	}
	for i := range uint32(n) {
		b, ok := w.event().BookingInfo(i + 1)
		if !ok || b.Hold != i+1 || !slices.Equal(b.Seats, []uint32{i}) || b.Payment != string(bytes.Repeat([]byte{byte('a' + i%26)}, int(i%20))) {
			t.Fatalf("booking %d is %+v", i+1, b)
		}
	}
	if _, ok := w.event().BookingInfo(n + 1); ok {
		t.Fatal("there is one booking too many")
	}
	if w.event().Bookings() != n {
		t.Fatalf("bookings: %d", w.event().Bookings())
	}
}
