package router

// Table is the thresholds. See the package for what each is for.
type Table struct {
	// DwellSeconds is how long a signal stays as it has turned; 0…3600.
	DwellSeconds float64 `json:"dwell_seconds"`
	// Nights is how many events make a request one of several nights; at least 2.
	Nights     int             `json:"nights"`
	Queue      QueueTable      `json:"queue"`
	Lease      LeaseTable      `json:"lease"`
	SkipLocked SkipLockedTable `json:"skip_locked"`
}

// QueueTable says when there is a flood.
type QueueTable struct {
	Rate      Band `json:"rate"`       // attempts a second
	Crush     Band `json:"crush"`      // share of attempts lost, together with
	CrushRate Band `json:"crush_rate"` // attempts a second
	Latency   Band `json:"latency_ms"` // p99 of booking, milliseconds
	// PriorityTiers are queued later: at PriorityFactor (at least 1) times Rate, or when
	// booking is slow.
	PriorityTiers  []string `json:"priority_tiers"`
	PriorityFactor float64  `json:"priority_factor"`
}

// LeaseTable says when several nights are contested.
type LeaseTable struct {
	Series     Band `json:"series"`      // share of attempts lost, on shows of a series
	SeriesLeft Band `json:"series_left"` // share of the seats left, likewise; low is contested
	Stay       Band `json:"stay"`        // share of attempts lost, on other nights
}

// SkipLockedTable says when one night is contested, and for whom others are looked for.
type SkipLockedTable struct {
	Contention Band `json:"contention"` // share of attempts lost
	Run        Band `json:"run"`        // likewise, where a series has RunShows in a week
	RunShows   int  `json:"run_shows"`  // at least 2
	MaxParty   int  `json:"max_party"`  // seats of the largest party; at least 1
}

// DefaultTable is a table of one's own to change.
func DefaultTable() *Table {
	return &Table{
		DwellSeconds: 15,
		Nights:       2,
		Queue: QueueTable{
			Rate:           Band{1000, 400},
			Crush:          Band{0.80, 0.60},
			CrushRate:      Band{50, 20},
			Latency:        Band{500, 250},
			PriorityTiers:  []string{"platinum", "gold"},
			PriorityFactor: 2,
		},
		Lease: LeaseTable{
			Series:     Band{0.25, 0.15},
			SeriesLeft: Band{0.10, 0.15},
			Stay:       Band{0.50, 0.35},
		},
		SkipLocked: SkipLockedTable{
			Contention: Band{0.15, 0.08},
			Run:        Band{0.05, 0.02},
			RunShows:   6,
			MaxParty:   8,
		},
	}
}

func (t *Table) dwell() int64 { return int64(t.DwellSeconds * 1000) }

func (q *QueueTable) priorityRate() Band {
	return Band{q.Rate.Enter * q.PriorityFactor, q.Rate.Leave * q.PriorityFactor}
}
