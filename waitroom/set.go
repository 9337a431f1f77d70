package waitroom

// Set changes a room for its operators. Errors: ErrUnknownRoom, ErrBadRequest; then nothing has
// changed.
func (rs *Rooms) Set(now int64, c *Set) error {
	r, err := rs.room(c.Room)
	if err != nil {
		return err
	}
	r.begin(now)
	if !c.sound(r) {
		return ErrBadRequest
	}
	r.credit, r.creditAt = r.creditNow(now), now
	if c.Fields&SetMaxActive != 0 {
		r.cfg.MaxActive = c.MaxActive
	}
	if c.Fields&SetNewPerMinute != 0 {
		r.cfg.NewPerMinute = c.NewPerMinute
		if !r.cfg.Auto {
			r.pace = c.NewPerMinute
		}
	}
	if c.Fields&SetPace != 0 {
		r.pace = c.Pace
	}
	r.pace = min(r.pace, r.cfg.NewPerMinute)
	if c.Fields&SetNewKey != 0 {
		r.keyNo++
	}
	if c.Fields&SetState != 0 {
		r.setState(now, c)
	}
	r.credit = min(r.credit, creditCap(r.pace))
	r.version++
	r.admit(now, handful)
	return nil
}

func (c *Set) sound(r *Room) bool {
	switch {
	case c.Fields == 0 || c.Fields >= SetNewKey<<1:
		return false
	case c.Fields&SetMaxActive != 0 && (c.MaxActive < 1 || c.MaxActive > MaxCount):
		return false
	case c.Fields&SetNewPerMinute != 0 && (c.NewPerMinute < 1 || c.NewPerMinute > MaxCount):
		return false
	case c.Fields&SetPace != 0 && (!r.cfg.Auto || c.Pace < 1 || c.Pace > MaxCount):
		return false
	case c.Fields&SetState != 0 && (c.State > Draining || len(c.Reason) > MaxReason):
		return false
	}
	return c.Fields&SetState == 0 || c.Reason == "" || c.State == Paused || c.State == Closed
}

func (r *Room) setState(now int64, c *Set) {
	admits := func(s State) bool { return s == Open || s == Draining }
	if !admits(c.State) {
		r.since = 0
	} else if !admits(r.state) && r.phase != Before {
		r.since = now
	}
	r.state, r.reason = c.State, c.Reason
}
