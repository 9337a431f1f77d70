package transport

import (
	"errors"
	"net/http"

	"github.com/usherhq/usher/engine"
)

// book answers 201 with the booking, or 202 while the provider keeps us waiting: the
// payment goes on, and the hold tells how it ended.
func (s *Server) book(w http.ResponseWriter, r *http.Request) error {
	body, key, err := readCall(w, r)
	if err != nil {
		return err
	}
	req := engine.BookRequest{HoldID: body.text("hold_id"), IdempotencyKey: key}
	req.FencingToken, req.FencingTokens = body.tokens(false)
	req.PaymentOptions = body.raw("payment")
	req.PaymentMethod = paymentMethod(body, req.PaymentOptions)
	if err := body.done(); err != nil {
		return err
	}
	b, err := s.engine.Book(r.Context(), req)
	if errors.Is(err, engine.ErrPaymentPending) {
		return s.pending(w, r, req.HoldID)
	}
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/bookings/"+b.BookingID)
	return writeJSON(w, http.StatusCreated, plainBooking(b))
}

// paymentMethod reads the one field of the payment that is ours; the rest is the
// provider's, who is as strict.
func paymentMethod(body *fields, payment []byte) string {
	return body.inner("payment", payment).text("method")
}

// pending answers 202 and says where to look.
func (s *Server) pending(w http.ResponseWriter, r *http.Request, holdID string) error {
	w.Header().Set("Location", "/v1/reservations/"+holdID)
	w.Header().Set("Retry-After", "1")
	h, err := s.engine.HoldByID(r.Context(), holdID)
	if err != nil { // the answer is where to look, which stands
		return writeJSON(w, http.StatusAccepted, map[string]any{"hold_id": holdID})
	}
	return writeJSON(w, http.StatusAccepted, plainHold(h))
}

// getBooking answers with the booking.
func (s *Server) getBooking(w http.ResponseWriter, r *http.Request) error {
	ctx, err := readLevel(r.Context(), readQuery(r))
	if err != nil {
		return err
	}
	b, err := s.engine.BookingByID(ctx, r.PathValue("booking_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, plainBooking(b))
}

// cancelBooking gives the seats and the money back, and answers with the booking.
func (s *Server) cancelBooking(w http.ResponseWriter, r *http.Request) error {
	if err := noQuery(r); err != nil {
		return err
	}
	key, err := idempotencyKey(r)
	if err != nil {
		return err
	}
	b, err := s.engine.CancelBooking(r.Context(), engine.CancelRequest{BookingID: r.PathValue("booking_id"), IdempotencyKey: key})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, plainBooking(b))
}

// plainBooking is a booking as JSON has it: times in UTC, and no list that is null.
func plainBooking(b engine.Booking) engine.Booking {
	b.SeatIDs, b.Items = some(b.SeatIDs), plainItems(b.Items)
	b.BookedAt = b.BookedAt.UTC()
	if b.CancelledAt != nil {
		t := b.CancelledAt.UTC()
		b.CancelledAt = &t
	}
	return b
}
