package heat

import "slices"

// Look is what someone with a focus may want to know of it. Of several seats it is the
// most contested that counts: who wants all of them is as sure as of that one.
type Look struct {
	Viewers int     `json:"viewers"` // of the seat most looked at, or in the section
	Chance  float64 `json:"chance"`  // of the seat least likely to be had, or in the section; 0…1, six decimals
}

// Looks is how the foci stand, all at one moment, in their order, and how many people
// look at the event; of the zero Focus it is the event's. available is as for Report.
// However many look at a seat or a section, its seats are read once.
func (m *Map) Looks(foci []Focus, available func(seat uint32) bool) (looks []Look, viewers int) {
	seats := named(foci)
	r := m.read(func() []uint32 { return seats })
	if available == nil {
		available = func(uint32) bool { return true }
	}
	l := looker{m: m, reading: r, available: available, named: seats, seats: m.seatReports(r, available), sections: map[int]Look{}}
	looks = make([]Look, len(foci))
	for i, f := range foci {
		looks[i] = l.look(f)
	}
	return looks, r.viewers
}

// Looks is how the foci of one event stand, see [Map.Looks].
func (h *Heat) Looks(event Key, shape *Shape, foci []Focus, available func(seat uint32) bool) ([]Look, int) {
	return h.read(event, shape).Looks(foci, available)
}

// named is all seats that are looked at, ascending, each once.
func named(foci []Focus) []uint32 {
	var seats []uint32
	limit := 1 << 16
	for _, f := range foci {
		seats = append(seats, f.seats...)
		if len(seats) >= limit { // a crowd looks at the same few
			seats = unique(seats)
			limit = max(limit, 2*len(seats))
		}
	}
	return unique(seats)
}

func unique(seats []uint32) []uint32 {
	slices.Sort(seats)
	return slices.Compact(seats)
}

// looker answers from one reading.
type looker struct {
	m         *Map
	reading   reading
	available func(uint32) bool
	named     []uint32
	seats     []SeatReport // of named
	sections  map[int]Look // those that were asked for
}

func (l *looker) look(f Focus) Look {
	switch {
	case f.section > 0:
		return l.section(f.section - 1)
	case len(f.seats) > 0:
		return l.worst(f.seats)
	}
	free := 0
	for i := range l.reading.sections {
		free += l.m.free(i, l.available)
	}
	return Look{l.reading.viewers, millionths(bounded(shrunk(l.reading.total, 1), free, l.reading.viewers))}
}

func (l *looker) section(i int) Look {
	look, known := l.sections[i]
	if !known {
		r := l.reading.section(i, l.m.free(i, l.available))
		look = Look{r.Viewers, r.Chance}
		l.sections[i] = look
	}
	return look
}

func (l *looker) worst(seats []uint32) Look {
	look := Look{Chance: 1}
	for _, s := range seats {
		at, _ := slices.BinarySearch(l.named, s)
		r := l.seats[at]
		look.Viewers, look.Chance = max(look.Viewers, r.Viewers), min(look.Chance, r.Chance)
	}
	return look
}
