package engine

import (
	"time"

	"github.com/usherhq/usher/engine/chart"
)

// SeatStatus is a seat's state as the packed map codes it, in two bits.
type SeatStatus uint8

// The states of a seat, in the packed map's code.
const (
	SeatAvailable SeatStatus = 0
	SeatHeld      SeatStatus = 1
	SeatBooked    SeatStatus = 2
	SeatBlocked   SeatStatus = 3
)

// String gives the state's name in the API.
func (s SeatStatus) String() string {
	return [...]string{"available", "held", "booked", "blocked"}[s&3]
}

// SeatMap is every seat's state at one version.
type SeatMap struct {
	EventID string
	Epoch   string // 32 hex digits
	Version uint64
	Seats   int          // N
	Packed  []byte       // ⌈N/4⌉ bytes: seat i in byte i/4, bits 2·(i mod 4) and up; the caller's to keep
	Chart   *chart.Index // the event's chart; shared, read only

	Areas []AreaCount // the chart's areas in its order; none of an event made before they were counted

	// Stale is Engine.Stale when the map was read: 0 unless it may be old.
	Stale time.Duration

	// Versions are the event's at each seat's last change, and AreaVersions at each area's;
	// 0: never. Only SeatVersions fills them.
	Versions, AreaVersions []uint64
}

// Status of seat i, 0 ≤ i < Seats.
func (m *SeatMap) Status(i int) SeatStatus {
	return SeatStatus(m.Packed[i>>2]>>(2*uint(i&3))) & 3
}

// SeatChange is one seat's state after a change.
type SeatChange struct {
	Seat   uint32 // index in chart order
	Status SeatStatus
}

// AreaFree is how many places an area has left after a change.
type AreaFree struct {
	Index uint32 // in chart order
	Free  int
}

// Cursor is a place in an event's history of seat changes.
type Cursor struct {
	Epoch   string
	Version uint64
}

// Delta is the net change of an event's seats and areas between two versions: seats that
// changed and changed back may be in it, each seat is in it once, ascending by index.
type Delta struct {
	From, To uint64
	Seats    []SeatChange
	Areas    []AreaFree // likewise
}

// Changes is what changed since several versions, all read at one moment.
type Changes struct {
	Epoch   string
	Version uint64  // To of every delta
	Deltas  []Delta // one for each version asked about, in order
}
