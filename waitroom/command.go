package waitroom

// OpenRoom makes a room for an event of the group, or adds the event to the room of that
// ID, which stays as it is. Repeating it changes nothing. All of it comes from the entry.
type OpenRoom struct {
	ID     string // of the event, or of the series
	Event  uint32 // number in the group; in no other room
	Config Config
	Secret [32]byte // keys ids and tokens
	Seed   [32]byte // of the draw; published after it, its SHA-256 before
	Epoch  [16]byte // tokens are good in one epoch
}

// Join gives each entrant a place, or the one it has.
type Join struct {
	Room     uint32
	Entrants []Entrant
}

// Entrant is who wants a place.
type Entrant struct {
	ID     [16]byte // a keyed hash of the holder: uniform, as the index relies on it
	Lane   uint8
	Nights Nights
}

// Nights are the events of a room that somebody wants: the low 16 bits are a set, bit i for
// the room's event i; the high 16 bits are the first four in order of preference, from the
// lowest nibble on. An empty set means all of them, and then there is no order.
type Nights uint32

// Joined is what an entrant got. Ticket 0: nothing, as the room takes nobody any more, or the
// lane or a night is none of the room's.
type Joined struct {
	Ticket uint32
	New    bool // else it had that place already
}

// Leave gives up a place, or ends an admission. Repeating it changes nothing.
type Leave struct{ Room, Ticket uint32 }

// Pass is an admission that is shown with a command of an event.
type Pass struct{ Room, Ticket uint32 }

// Fields of Set.
const (
	SetMaxActive = 1 << iota
	SetNewPerMinute
	SetState // with Reason
	SetPace
	SetNewKey
)

// Set changes what Fields names of a room.
type Set struct {
	Room         uint32
	Fields       uint8
	MaxActive    uint32
	NewPerMinute uint32
	Pace         uint32 // admissions a minute that are tried for now: 1…NewPerMinute; of a room with Auto
	State        State
	Reason       string // why, for people; of Paused and Closed
	// SetNewKey: tokens are signed with a new key; the one before stays good.
}

// Inventory is what rooms ask of the seats beside them. It is called while a command is
// applied, and by Due.
type Inventory interface {
	// Left tells whether a claim of that event could be granted anything now.
	Left(event uint32) bool
	// Held tells whether that hold is still neither booked nor ended.
	Held(event, hold uint32) bool
}
