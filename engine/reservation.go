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

// HoldRequest asks for seats of one event, or with Items of several; all or none. With
// nothing but EventID, SeatIDs and HolderID it asks for these seats in the way of the
// event's Strategy: exactly these, unless the event says otherwise.
type HoldRequest struct {
	EventID  string
	SeatIDs  []string      // each once; with Areas 1…MaxSeatsPerHold in all
	Areas    []AreaRequest // places in standing areas, besides the seats
	Best     *BestRequest  // instead of SeatIDs
	HolderID string        // 1–128 printable ASCII characters
	TTL      time.Duration // 1 s…1 h in whole milliseconds; 0 means the event's HoldSeconds, or 30 s if Mode is ModeLease

	Mode   Mode   // how; empty means the event's Strategy
	Accept Accept // what may become of seats that are gone; empty: what the mode does

	// Expected and IfVersion make the claim one of what was read: nothing is taken if one of
	// the seats has changed since.
	Expected  []SeatVersion // of each of SeatIDs, in any order
	IfVersion *uint64       // the event's version that SeatIDs and Areas were read at

	Orphans        Orphans // beyond what the event's policy asks for
	ChannelKey     string  // opens the seats allotted to a channel
	AdmissionToken string  // shown where the event has a waiting room, and in mode queue
	Tier           string  // of the holder, for the router

	// Items are several events' parts, instead of EventID, SeatIDs, Areas, Best, Expected,
	// IfVersion and ChannelKey: 1…MaxItems, each of another event.
	Items []ItemRequest
	// AnyOf wants one of the items, the first that can be had.
	AnyOf bool
	// SameSeats wants the best seats that are free on all the items' events, whose Best must
	// be equal, and their charts.
	SameSeats bool

	// IdempotencyKey (1–128 printable ASCII, may be empty): the same key with the same
	// request gives the first answer again for 24 h of log time.
	IdempotencyKey string
}

// ItemRequest is what is wanted of one event; see the fields of HoldRequest.
type ItemRequest struct {
	EventID    string
	SeatIDs    []string
	Areas      []AreaRequest
	Best       *BestRequest
	Expected   []SeatVersion
	IfVersion  *uint64
	ChannelKey string
}

// AreaRequest is places in a standing area.
type AreaRequest struct {
	AreaID   string `json:"area_id"`
	Quantity int    `json:"quantity"`
}

// BestRequest asks for the best seats there are. The best are those nearest to Near.
type BestRequest struct {
	Quantity int    // 1…MaxSeatsPerHold
	Category string // empty: any
	Section  string // empty: any
	// Near is a seat, or with NearPoint a point in the chart's coordinates; neither means
	// the chart's first focal point, else its middle.
	Near      string
	NearPoint *Point
	// Apart lets a party of up to 100 sit in pieces when it cannot sit together.
	Apart bool
	// AcrossAisle lets an aisle run through a party.
	AcrossAisle bool
	// Accessible and Companion are how many of the Quantity are to be such seats; nobody is
	// given one without asking.
	Accessible, Companion int
}

// Point is a place on the chart.
type Point struct{ X, Y float64 }

// SeatVersion is the event's version at a seat's last change.
type SeatVersion struct {
	SeatID  string `json:"seat_id"`
	Version uint64 `json:"version"`
}

// Mode is a pattern of allocation.
type Mode string

// The modes.
const (
	ModeDirect     Mode = "direct"      // exactly these seats, all or none
	ModeSkipLocked Mode = "skip_locked" // others of the same kind for those that are gone
	ModeOptimistic Mode = "optimistic"  // what was read, if it has not changed
	ModeLease      Mode = "lease"       // a short hold, renewed; its token is always checked
	ModeQueue      Mode = "queue"       // for who was admitted by the waiting room
	ModeAuto       Mode = "auto"        // one of these, by the router
)

// Accept is what may become of wanted seats that are gone.
type Accept string

// What a caller accepts.
const (
	AcceptExact      Accept = "exact"      // the claim is refused
	AcceptSuggest    Accept = "suggest"    // it is refused, and others are named
	AcceptSubstitute Accept = "substitute" // others are taken
)

// Orphans is a policy about single seats that a claim would leave over.
type Orphans string

// The policies.
const (
	OrphansAllow  Orphans = "allow"
	OrphansAvoid  Orphans = "avoid"  // none that can be helped
	OrphansForbid Orphans = "forbid" // none
)

// Substitution is a seat that was had for one that was gone.
type Substitution struct {
	Wanted string `json:"wanted"`
	Got    string `json:"got"`
}

// Routing is how a claim was made, and why so.
type Routing struct {
	Pattern Mode   `json:"pattern"`
	Because string `json:"because"`
}

// HoldItem is one event's part of a hold.
type HoldItem struct {
	EventID      string         `json:"event_id"`
	SeatIDs      []string       `json:"seat_ids"`
	Areas        []AreaRequest  `json:"areas,omitempty"`
	FencingToken uint64         `json:"fencing_token"`
	Version      uint64         `json:"version"` // the event's after this change
	Substituted  []Substitution `json:"substituted,omitempty"`
}

// Hold is a set of seats kept for one holder until ExpiresAt. Of a hold over several
// events EventID, SeatIDs and FencingToken are the first item's.
type Hold struct {
	HoldID       string         `json:"hold_id"`
	EventID      string         `json:"event_id"`
	SeatIDs      []string       `json:"seat_ids"`
	Areas        []AreaRequest  `json:"areas,omitempty"`
	HolderID     string         `json:"holder_id"`
	Status       HoldStatus     `json:"status"`
	FencingToken uint64         `json:"fencing_token"` // grows with every grant of the event, below 2^53
	HeldAt       time.Time      `json:"held_at"`
	ExpiresAt    time.Time      `json:"expires_at,omitzero"` // while held; when it ended, if released or expired; zero once booked
	ServerTime   time.Time      `json:"server_time"`         // the log's time of the answer: what a countdown runs from
	Version      uint64         `json:"version"`             // the event's version after this change
	BookingID    string         `json:"booking_id,omitempty"`
	Mode         Mode           `json:"mode,omitempty"`  // lease, if it is one
	Items        []HoldItem     `json:"items,omitempty"` // of several events
	Substituted  []Substitution `json:"substituted,omitempty"`
	Routing      *Routing       `json:"routing,omitempty"` // of a claim
}

// ExtendRequest moves a hold's end to now + TTL; the token stays.
type ExtendRequest struct {
	HoldID         string
	FencingToken   uint64
	FencingTokens  map[string]uint64 // of a hold over several events, by event id, instead
	TTL            time.Duration     // 1 s…1 h
	IdempotencyKey string
}

// ReleaseRequest gives a hold's seats back. Releasing twice is no error.
type ReleaseRequest struct {
	HoldID         string
	FencingToken   uint64            // 0: not checked, unless it is a lease
	FencingTokens  map[string]uint64 // of a hold over several events, by event id, instead
	IdempotencyKey string
}

// BlockRequest takes seats off sale or puts them back; all or none.
type BlockRequest struct {
	EventID string
	SeatIDs []string
	Unblock bool
	Reason  string // kept with the event for operators; ≤ 255 bytes
	// Channel, with ChannelKey, allots the seats to a channel instead of blocking them for
	// all: who shows the key can have them. 1–64 of A-Z a-z 0-9 . _ -
	Channel        string
	ChannelKey     string // 8–128 printable ASCII characters
	IdempotencyKey string
}

// BlockResult says how many seats changed; seats that already were as asked do not.
type BlockResult struct {
	EventID string `json:"event_id"`
	Changed int    `json:"changed"`
	Version uint64 `json:"version"`
}
