package engine

import (
	"encoding/json"
	"time"
)

// BookingStatus is where a booking stands.
type BookingStatus string

// The states of a booking.
const (
	BookingBooked    BookingStatus = "booked"
	BookingCancelled BookingStatus = "cancelled"
)

// BookRequest sells a hold's seats to its holder.
type BookRequest struct {
	HoldID         string
	FencingToken   uint64            // 0: not checked, unless the hold is a lease
	FencingTokens  map[string]uint64 // of a hold over several events, by event id, instead
	PaymentMethod  string            // name of a configured payment.Provider, e.g. "sandbox"
	PaymentOptions json.RawMessage   // the provider's own fields (the whole payment object)
	IdempotencyKey string
}

// Booking is a sale.
type Booking struct {
	BookingID   string        `json:"booking_id"`
	HoldID      string        `json:"hold_id"`
	EventID     string        `json:"event_id"`
	SeatIDs     []string      `json:"seat_ids"`
	Areas       []AreaRequest `json:"areas,omitempty"`
	Items       []HoldItem    `json:"items,omitempty"` // of several events; the fields above are the first one's
	HolderID    string        `json:"holder_id"`
	PaymentID   string        `json:"payment_id"`
	Amount      *Money        `json:"amount,omitempty"` // of all items; nil when no seat has a price
	Status      BookingStatus `json:"status"`
	BookedAt    time.Time     `json:"booked_at"`
	CancelledAt *time.Time    `json:"cancelled_at,omitempty"`
	Version     uint64        `json:"version,omitempty"` // the event's version after this change; 0 on reads
}

// CancelRequest cancels a booking: its seats are available again, the money goes back.
type CancelRequest struct {
	BookingID      string
	IdempotencyKey string
}
