package engine

import "time"

// HoldStatus is where a hold stands.
type HoldStatus string

// The states of a hold. The last three are final and told for 24 hours of log time.
const (
	HoldHeld     HoldStatus = "held"
	HoldPaying   HoldStatus = "paying"
	HoldBooked   HoldStatus = "booked"
	HoldReleased HoldStatus = "released"
	HoldExpired  HoldStatus = "expired"
)

// HoldRequest asks for exactly these seats, all or none.
type HoldRequest struct {
	EventID  string
	SeatIDs  []string      // 1…MaxSeatsPerHold, each once
	HolderID string        // 1–128 printable ASCII characters
	TTL      time.Duration // 1 s…1 h in whole milliseconds; 0 means the event's HoldSeconds
	// IdempotencyKey (1–128 printable ASCII, may be empty): the same key with the same
	// request gives the first answer again for 24 h of log time.
	IdempotencyKey string
}

// Hold is a set of seats kept for one holder until ExpiresAt.
type Hold struct {
	HoldID       string     `json:"hold_id"`
	EventID      string     `json:"event_id"`
	SeatIDs      []string   `json:"seat_ids"`
	HolderID     string     `json:"holder_id"`
	Status       HoldStatus `json:"status"`
	FencingToken uint64     `json:"fencing_token"` // grows with every grant of the event, below 2^53
	HeldAt       time.Time  `json:"held_at"`
	ExpiresAt    time.Time  `json:"expires_at,omitzero"` // while held; when it ended, if released or expired; zero once booked
	ServerTime   time.Time  `json:"server_time"`         // the log's time of the answer: what a countdown runs from
	Version      uint64     `json:"version"`             // the event's version after this change
	BookingID    string     `json:"booking_id,omitempty"`
}

// ExtendRequest moves a hold's end to now + TTL; the token stays.
type ExtendRequest struct {
	HoldID         string
	FencingToken   uint64
	TTL            time.Duration // 1 s…1 h
	IdempotencyKey string
}

// ReleaseRequest gives a hold's seats back. Releasing twice is no error.
type ReleaseRequest struct {
	HoldID         string
	FencingToken   uint64 // 0: not checked
	IdempotencyKey string
}

// BlockRequest takes seats off sale or puts them back; all or none.
type BlockRequest struct {
	EventID        string
	SeatIDs        []string
	Unblock        bool
	Reason         string // kept with the event for operators; ≤ 255 bytes
	IdempotencyKey string
}

// BlockResult says how many seats changed; seats that already were as asked do not.
type BlockResult struct {
	EventID string `json:"event_id"`
	Changed int    `json:"changed"`
	Version uint64 `json:"version"`
}
