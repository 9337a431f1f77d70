package engine

import (
	"time"
)

// EventSpec asks for an event: one venue, one date and, where the venue has several
// shows a day, one time. The event's identity is venue_id:event_date[:show_time].
type EventSpec struct {
	VenueID   string `json:"venue_id"`
	EventDate string `json:"event_date"`          // YYYY-MM-DD, a real date
	ShowTime  string `json:"show_time,omitempty"` // HH:MM, 24 hours; empty for a hotel night
	Timezone  string `json:"timezone,omitempty"`  // IANA name; empty means UTC
	ChartID   string `json:"chart_id"`
	Name      string `json:"name,omitempty"`
	// Series ties events together (a residency's nights): all of one series live in
	// one group. Same alphabet as VenueID; empty means none.
	Series string `json:"series,omitempty"`
	// OnsaleAt is when holds begin; nil or past means at once.
	OnsaleAt *time.Time `json:"onsale_at,omitempty"`
	// HoldSeconds is how long a hold lasts that asks for no time of its own: 1…3600;
	// 0 means 480.
	HoldSeconds int `json:"hold_seconds,omitempty"`
	// Prices by category name of the chart; a category without one is free.
	Prices map[string]Money `json:"prices,omitempty"`
	// Strategy is the allocation pattern of requests that name none; empty means direct.
	Strategy Mode `json:"strategy,omitempty"`
	// Orphans is the policy about single seats that claims leave over; empty means allow.
	Orphans Orphans `json:"orphans,omitempty"`
	Limits  *Limits `json:"limits,omitempty"`
	// WaitingRoom, if there is one, is what holders have to be admitted by.
	WaitingRoom *WaitingRoom `json:"waiting_room,omitempty"`
	// IdempotencyKey (1–128 printable ASCII, may be empty): the same key with the same
	// request gives the event that it made; another key is ErrEventExists.
	IdempotencyKey string `json:"-"`
}

// Limits bound what holders may have of an event.
type Limits struct {
	PerHolder int `json:"per_holder"` // seats and places, held plus booked: 1…1000
}

// WaitingRoom is how an event admits shoppers.
type WaitingRoom struct {
	MaxActive       int               `json:"max_active"`     // shoppers at once: 1…10,000,000
	NewPerMinute    int               `json:"new_per_minute"` // 1…10,000,000
	SessionSeconds  int               `json:"session_seconds,omitempty"`
	FirstUseSeconds int               `json:"first_use_seconds,omitempty"`
	Lobby           *bool             `json:"lobby,omitempty"`
	Tiers           map[string]string `json:"tiers,omitempty"` // "platinum": "1:1"
	Pace            string            `json:"pace,omitempty"`  // fixed or auto
	// Scope is what shares the room: event, or series: all events of the series that say so,
	// whose waiting rooms have to be equal. Empty: series if the event is of one, else event.
	Scope string `json:"scope,omitempty"`
	// ReturnURLs are where shoppers may be sent on to when they are admitted: absolute https
	// addresses (http on this machine only) without a query, at most 16 of 500 bytes. What
	// lies below the path of one is allowed; see AllowsReturn.
	ReturnURLs []string `json:"return_urls,omitempty"`
}

// AreaCount is a standing area as it stands: Free + Held + Booked == Capacity.
type AreaCount struct {
	AreaID   string `json:"area_id"`
	Capacity int    `json:"capacity"`
	Free     int    `json:"free"`
	Held     int    `json:"held"`
	Booked   int    `json:"booked"`
}

// SeatCounts counts an event's seats by status:
// Available + Held + Booked + Blocked == Total.
type SeatCounts struct {
	Total     int `json:"total"`
	Available int `json:"available"`
	Held      int `json:"held"`
	Booked    int `json:"booked"`
	Blocked   int `json:"blocked"`
}

// Event is an event as it stands on the replica that answered.
type Event struct {
	EventID     string           `json:"event_id"`
	VenueID     string           `json:"venue_id"`
	EventDate   string           `json:"event_date"`
	ShowTime    string           `json:"show_time,omitempty"`
	Timezone    string           `json:"timezone"`
	StartsAt    time.Time        `json:"starts_at"` // UTC; midnight of the date in Timezone when there is no ShowTime
	ChartID     string           `json:"chart_id"`
	ChartSHA256 string           `json:"chart_sha256"` // hex; the event keeps the chart it was made with
	Name        string           `json:"name,omitempty"`
	Series      string           `json:"series,omitempty"`
	OnsaleAt    *time.Time       `json:"onsale_at,omitempty"`
	HoldSeconds int              `json:"hold_seconds"`
	Prices      map[string]Money `json:"prices,omitempty"`
	Strategy    Mode             `json:"strategy"`
	Orphans     Orphans          `json:"orphans,omitempty"`
	Limits      *Limits          `json:"limits,omitempty"`
	WaitingRoom *WaitingRoom     `json:"waiting_room,omitempty"`
	CreatedAt   time.Time        `json:"created_at"`
	Epoch       string           `json:"epoch"`   // 32 hex digits; changes only when the event is restored from a backup
	Version     uint64           `json:"version"` // counts seat changes
	Seats       SeatCounts       `json:"seats"`
	Areas       []AreaCount      `json:"areas,omitempty"` // in chart order
	// Stale: this process has heard of no leader of the event's group for some seconds; see
	// Engine.Stale.
	Stale bool `json:"stale,omitempty"`
}

// EventFilter selects events; the zero value selects all. Results are by date, then by
// show time (those without one first), then by event id.
type EventFilter struct {
	Series  string
	VenueID string
	From    string // YYYY-MM-DD, inclusive
	To      string // YYYY-MM-DD, inclusive
	Query   string // part of the name, venue or event id, case-insensitive
	Limit   int    // 1…1000; 0 means 100
	After   string // EventPage.Next of the page before
}

// EventPage is one page of events; Next is empty on the last.
type EventPage struct {
	Items []Event `json:"items"`
	Next  string  `json:"next,omitempty"`
}
