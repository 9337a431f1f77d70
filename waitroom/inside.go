package waitroom

// Active calls fn for each admission that is not over, in no order: until when it is to be
// begun, or when started until when it lasts (unix ms; it may have passed and not been dealt
// with yet).
func (r *Room) Active(fn func(ticket uint32, deadline int64, started bool)) {
	for _, p := range r.active.pages {
		for i := range p.recs {
			if a := &p.recs[i]; a.ticket != 0 {
				fn(a.ticket, a.deadline, r.at(a.ticket).is() == InShop)
			}
		}
	}
}
