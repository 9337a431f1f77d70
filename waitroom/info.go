package waitroom

// TicketState is where somebody stands. Numbers are in snapshots: they never change.
type TicketState uint8

const (
	InLobby  TicketState = 0 // until the draw has come to it
	Waiting  TicketState = 1
	Admitted TicketState = 2 // and has not begun
	InShop   TicketState = 3 // the session has begun
	Lapsed   TicketState = 4 // the admission was not used in time
	TimedOut TicketState = 5 // the session was
	Left     TicketState = 6 // by itself, before or after it was admitted
	Finished TicketState = 7 // all that it held is booked
)

// TicketInfo is a ticket as it stands.
type TicketInfo struct {
	State    TicketState
	Lane     uint8
	Nights   Nights
	Entrant  [16]byte
	Position uint32 // from 1, among all who wait, in the order in which they would be admitted; 0 if it does not wait
	Place    uint32 // from 1, in its lane, as drawn or by arrival, whoever left; 0 before the draw came to it
	Deadline int64  // of the admission or the session, unix ms; 0 if it has none
	Possible bool   // something is left of a night it wants
}

// RoomInfo is a room as it stands.
type RoomInfo struct {
	No      uint32
	ID      string
	Events  []uint32
	Config  Config // MaxActive and NewPerMinute as they are now
	State   State
	Reason  string
	Phase   Phase
	Pace    uint32 // admissions a minute that are tried for: NewPerMinute, or less with Auto
	Version uint64 // counts changes of the room and of its tickets
	KeyNo   uint32 // tokens are signed with the key of this number, those of KeyNo-1 are good; from 1
	Epoch   [16]byte
	Secret  [32]byte
	Eras    []Era // never none

	Joined   uint32 // tickets given, ever
	InLobby  uint32
	Waiting  uint32
	Possible uint32 // of Waiting: those for whom something is left
	Admitted uint32 // unused
	InShop   uint32
	Over     uint32 // the rest: lapsed, timed out, left, finished

	AdmittedMinute uint32 // in the last 60 s
	GaveUpMinute   uint32 // who left while waiting, in the last 60 s
	WindowMS       int64  // how much of the last 60 s the room has been admitting; <= 60,000
}

// Era is how the ids of tickets are made that were given since a restore from a backup. Every
// room has a first one, which is zero.
type Era struct {
	First uint32 // number of its first ticket
	Salt  [16]byte
}

// DrawInfo is what anyone may know of a room's draw.
type DrawInfo struct {
	Commitment [32]byte // SHA-256 of the seed
	Done       bool     // all places are drawn; what follows is zero before
	Seed       [32]byte
	Entrants   uint32   // who was in it
	Digest     [32]byte // SHA-256 of their ids, in order of their tickets
	At         int64    // when it began, unix ms
}
