package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/shard"
)

// BookingByID reads a booking.
func (e *Engine) BookingByID(ctx context.Context, bookingID string) (Booking, error) {
	ref, n, err := e.find(ctx, kindBooking, bookingID, ErrUnknownBooking)
	if err != nil {
		return Booking{}, err
	}
	return e.readBooking(ctx, ref, n)
}

func (e *Engine) readBooking(ctx context.Context, ref *eventRef, n uint32) (b Booking, err error) {
	if err := e.settle(ctx, ref.group); err != nil {
		return Booking{}, err
	}
	err = e.sure(ctx, ref.group, func() error {
		b, err = e.localBooking(ctx, ref, n)
		return err
	})
	return b, err
}

func (e *Engine) localBooking(ctx context.Context, ref *eventRef, n uint32) (Booking, error) {
	var info shard.BookingInfo
	var bundle shard.BundleInfo
	var found bool
	if err := e.reader(ref.group).View(func(s *shard.State) {
		info, found = s.Event(ref.no).BookingInfo(n)
		bundle, _ = s.Bundle(info.Bundle)
	}); err != nil {
		return Booking{}, err
	}
	if !found || info.Bundle != 0 && (bundle.Home != 0 || len(bundle.Parts) == 0) {
		return Booking{}, ErrUnknownBooking
	}
	_, paymentID, _ := strings.Cut(info.Payment, ":")
	seats, areas := ref.places(info.Seats)
	b := Booking{
		BookingID: ref.bookingID(n), HoldID: ref.holdID(info.Hold), EventID: ref.id, SeatIDs: seats, Areas: areas,
		HolderID: info.Holder, PaymentID: paymentID, Status: BookingBooked, BookedAt: unixMilli(info.BookedAt),
	}
	if info.Currency != [3]byte{} {
		b.Amount = &Money{Amount: info.Amount, Currency: string(info.Currency[:])}
	}
	if info.State == shard.BookingCancelled {
		at := unixMilli(info.CancelledAt)
		b.Status, b.CancelledAt = BookingCancelled, &at
	}
	if info.Bundle != 0 {
		var err error
		if b.Items, err = e.readItems(ctx, ref.group, &bundle); err != nil {
			return Booking{}, err
		}
		if b.Amount != nil { // the home's currency is set as soon as one of the parts has a price
			for _, p := range bundle.Parts[1:] {
				b.Amount.Amount += p.Amount
			}
		}
	}
	return b, nil
}

// CancelBooking makes a booking's seats available again and refunds the money.
// Repeating it is no error. An error after the seats are free says OutcomeApplied: the
// money has not gone back yet, and repeating the call tries again.
func (e *Engine) CancelBooking(ctx context.Context, r CancelRequest) (Booking, error) {
	ref, n, err := e.find(ctx, kindBooking, r.BookingID, ErrUnknownBooking)
	if err != nil {
		return Booking{}, err
	}
	key, err := requestKey(ctx, "cancel", ref, r.IdempotencyKey, r.BookingID)
	if err != nil {
		return Booking{}, err
	}
	req := raftfsm.NewRequest()
	req.Cmd.Op = raftfsm.OpCancel
	req.Cmd.Cancel = shard.Cancel{Event: ref.no, Booking: n, Key: key}
	res, err := e.propose(ctx, ref.group, req, true)
	if err == nil {
		err = res.Err
	}
	if err != nil {
		return Booking{}, err
	}
	if err := e.follow(ctx, ref.group); err != nil {
		return Booking{}, applied(err)
	}
	e.tellBooking(ctx, ref, n)
	if err := e.refund(ctx, ref, n); err != nil {
		return Booking{}, applied(err)
	}
	b, err := e.readBooking(ctx, ref, n)
	if err != nil {
		return Booking{}, applied(err)
	}
	b.Version = res.Version
	return b, nil
}

func (e *Engine) refund(ctx context.Context, ref *eventRef, n uint32) error {
	var info shard.BookingInfo
	if err := e.reader(ref.group).View(func(s *shard.State) { info, _ = s.Event(ref.no).BookingInfo(n) }); err != nil {
		return err
	}
	method, paymentID, _ := strings.Cut(info.Payment, ":")
	p, ok := e.cfg.Payments[method]
	if !ok {
		return fmt.Errorf("usher: payment provider %q of booking %s is not configured", method, ref.bookingID(n))
	}
	if _, err := p.Refund(ctx, paymentID); err != nil {
		return fmt.Errorf("usher: refund of payment %s: %w", paymentID, err)
	}
	return nil
}
