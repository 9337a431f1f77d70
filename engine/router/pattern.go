package router

// Pattern is a way to allocate seats, by its name in the API.
type Pattern string

// The patterns.
const (
	Direct     Pattern = "direct"      // exactly these seats, all or none
	SkipLocked Pattern = "skip_locked" // those that are gone are replaced
	Optimistic Pattern = "optimistic"  // these seats at these versions
	Lease      Pattern = "lease"       // for a short while, to be renewed
	Queue      Pattern = "queue"       // with an admission token
)

// What a request accepts in place of seats that are gone; all else is taken for Exact.
const (
	Exact      = "exact"      // nothing
	Suggest    = "suggest"    // to be told of others
	Substitute = "substitute" // others
)
