package waitroom

// Rooms are the waiting rooms of one group. Its methods that take a time are commands, but
// for Due; all others read. One goroutine at a time may run a command, and nobody may read
// meanwhile.
type Rooms struct {
	inv  Inventory
	gen  uint64 // pages of a lower generation may be read by a Frozen: copy before writing
	list []*Room
	byID map[string]uint32
	of   map[uint32]uint32 // event → room
}

// New returns no rooms, beside these seats.
func New(inv Inventory) *Rooms {
	return &Rooms{inv: inv, gen: 1, byID: make(map[string]uint32), of: make(map[uint32]uint32)}
}

// Len is how many rooms there are; their numbers are 0…Len()-1.
func (rs *Rooms) Len() int { return len(rs.list) }

// Find returns the number of the room with that id.
func (rs *Rooms) Find(id string) (no uint32, ok bool) {
	no, ok = rs.byID[id]
	return no, ok
}

// Of returns the number of the room before an event.
func (rs *Rooms) Of(event uint32) (no uint32, ok bool) {
	no, ok = rs.of[event]
	return no, ok
}

// Room returns the room with that number for reading, or nil.
func (rs *Rooms) Room(no uint32) *Room {
	if int(no) >= len(rs.list) {
		return nil
	}
	return rs.list[no]
}

// room is Room for commands.
func (rs *Rooms) room(no uint32) (*Room, error) {
	if r := rs.Room(no); r != nil {
		return r, nil
	}
	return nil, ErrUnknownRoom
}

// Open makes a room, or adds an event to one. Errors: ErrBadRequest, ErrTooManyNights.
func (rs *Rooms) Open(now int64, c *OpenRoom) (no uint32, err error) {
	if at, ok := rs.of[c.Event]; ok {
		if rs.list[at].id != c.ID {
			return 0, ErrBadRequest
		}
		return at, nil
	}
	if no, ok := rs.byID[c.ID]; ok {
		r := rs.list[no]
		if len(r.events) >= MaxNights {
			return 0, ErrTooManyNights
		}
		r.events = append(r.events[:len(r.events):len(r.events)], c.Event)
		r.version++
		rs.of[c.Event] = no
		return no, nil
	}
	if c.ID == "" || len(c.ID) > MaxID || len(rs.list) >= maxRooms || !c.Config.sound() {
		return 0, ErrBadRequest
	}
	no = uint32(len(rs.list))
	rs.add(newRoom(rs, no, c, now))
	return no, nil
}

func (rs *Rooms) add(r *Room) {
	rs.list = append(rs.list, r)
	rs.byID[r.id] = r.no
	for _, e := range r.events {
		rs.of[e] = r.no
	}
}

// Due tells whether Step would find something to do at now. It is a read.
func (rs *Rooms) Due(now int64) bool {
	for _, r := range rs.list {
		if r.due(now) {
			return true
		}
	}
	return false
}

// Step does what is due in all rooms: sessions that are over end, draws go on by a bounded
// piece, and who may be admitted is, limit at most of each kind in a room. more: there is
// something left to do at once.
func (rs *Rooms) Step(now int64, limit int) (admitted uint32, more bool) {
	for _, r := range rs.list {
		if !r.due(now) {
			continue
		}
		r.begin(now)
		r.expire(now, limit)
		r.drawOn()
		admitted += r.admit(now, limit)
		more = more || r.due(now)
	}
	return admitted, more
}
