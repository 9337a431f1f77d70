package waitroom

// Bounds of what a room can be asked for.
const (
	MaxNights = 16 // events of a room
	MaxTiers  = 16
	MaxID     = 200           // bytes
	MaxReason = 200           // bytes
	MaxCount  = 1_000_000_000 // of MaxActive and NewPerMinute
	MaxRatio  = 1000

	maxRooms   = 1 << 16
	maxTickets = 1 << 27                // of a room, ever
	maxSpan    = 366 * 24 * 3600 * 1000 // of FirstUse and Session, ms
)

// Config is what a room is opened with.
type Config struct {
	MaxActive    uint32 // admissions that are unused or in session, at most; at least 1
	NewPerMinute uint32 // admissions in any 60 s, at most; at least 1
	FirstUse     int64  // ms from admission within which the session has to begin
	Session      int64  // ms that a session lasts
	OpensAt      int64  // unix ms; 0: at once
	Lobby        bool   // who comes before OpensAt is ordered by a draw, else by arrival
	Auto         bool   // the pace follows what is measured, see Set.Pace
	Tiers        []Tier // their lanes are 1…len; the general lane is 0
}

// Tier is a lane of its own: Lane of it are admitted for every General of the general lane.
// Both are 1…MaxRatio.
type Tier struct {
	Name    string
	General uint16
	Lane    uint16
}

func (c *Config) sound() bool {
	if c.MaxActive < 1 || c.MaxActive > MaxCount || c.NewPerMinute < 1 || c.NewPerMinute > MaxCount ||
		c.FirstUse < 1 || c.Session < 1 || c.FirstUse > maxSpan || c.Session > maxSpan || c.OpensAt < 0 || len(c.Tiers) > MaxTiers {
		return false
	}
	for i, t := range c.Tiers {
		if t.General < 1 || t.General > MaxRatio || t.Lane < 1 || t.Lane > MaxRatio || t.Name == "" || len(t.Name) > MaxID {
			return false
		}
		if i > 0 && c.Tiers[i-1].Name >= t.Name {
			return false
		}
	}
	return true
}

// State is what operators have made of a room. Numbers are in the log: they never change.
type State uint8

const (
	Open     State = 0
	Paused   State = 1 // nobody is admitted; people may join
	Closed   State = 2 // nobody is admitted, nobody may join; sessions go on
	Draining State = 3 // nobody may join; who waits is admitted
)

// Phase is where a room is in its life.
type Phase uint8

const (
	Before  Phase = 0 // OpensAt has not come
	Drawing Phase = 1 // the draw is under way: some have their places already
	Line    Phase = 2
)
