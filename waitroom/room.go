package waitroom

// warmed is how many reads all over a room's memory are made ahead of the work that wants them:
// of reads that do not wait for each other the processor has several under way.
const warmed = 64

// Room is one waiting room. Its exported methods are reads.
//
// Invariants, with n tickets:
//
//	InLobby + Waiting + Admitted + InShop + Lapsed + TimedOut + Left + Finished == n
//	a ticket waits == its bit in its lane's line is set, but for places the draw has yet to fill
//	a ticket is Admitted or InShop == it has a record in active
//	admissions in any 60 s <= NewPerMinute; after an admission len(active) <= MaxActive
//	per holder at most one ticket is InLobby, Waiting, Admitted or InShop: the newest, which the index has
type Room struct {
	head
	rooms  *Rooms
	pages  []ticketPage // 1024 tickets each
	active activeTable
	sum    uint64 // additive digest of tickets and of active

	// Derived.
	index  index
	lanes  []lane // but for their schedules
	states [ticketStates]uint32
	sets   []setCount // who waits, by the set of nights
	lobby  []uint32   // of InLobby: by lane, before the draw
	draw   drawing
}

// head is what is copied when the room is frozen. Slices in it are replaced, never written.
type head struct {
	no      uint32
	id      string
	events  []uint32
	cfg     Config
	secret  [32]byte
	seed    [32]byte
	epoch   [16]byte
	eras    []Era
	state   State
	reason  string
	pace    uint32
	keyNo   uint32
	version uint64
	phase   Phase
	tickets uint32

	drawAt   int64
	entrants uint32   // in the draw
	scanned  uint32   // tickets looked at for it
	listed   uint32   // entrants that were found
	drawn    uint32   // entrants that have their places
	digest   [32]byte // of the entrants, once all are listed

	since    int64  // when it began to admit without interruption; 0: it does not
	credit   int64  // of the pace, see pace.go
	creditAt int64  // when it was counted
	general  uint64 // general admissions, also those that nobody was there for; see lane.go
	taken    minute // admissions
	gaveUp   minute // who left while waiting
	gaveNear minute // of them, who were near: see near
}

func newRoom(rs *Rooms, no uint32, c *OpenRoom, now int64) *Room {
	r := &Room{rooms: rs, head: head{
		no: no, id: c.ID, events: []uint32{c.Event}, cfg: c.Config, secret: c.Secret, seed: c.Seed, epoch: c.Epoch,
		eras: []Era{{}}, pace: c.Config.NewPerMinute, keyNo: 1, version: 1, creditAt: now, credit: creditCap(c.Config.NewPerMinute),
	}}
	r.cfg.Tiers = append([]Tier(nil), c.Config.Tiers...)
	r.init()
	r.begin(now)
	return r
}

// init makes what is derived of an empty room.
func (r *Room) init() {
	r.active.init()
	r.lobby = make([]uint32, 1+len(r.cfg.Tiers))
	r.lanes = make([]lane, 1+len(r.cfg.Tiers))
	for i := range r.lanes {
		if i > 0 {
			t := r.cfg.Tiers[i-1]
			r.lanes[i].every, r.lanes[i].share = uint64(t.General), uint64(t.Lane)
		}
	}
}

// begin opens the room when its time has come; from then on nobody enters the lobby.
func (r *Room) begin(now int64) {
	if r.phase != Before || now < r.cfg.OpensAt {
		return
	}
	r.version++
	if r.state == Open || r.state == Draining {
		r.since = now
	}
	if r.states[InLobby] == 0 {
		r.phase = Line
		return
	}
	r.startDraw(now)
}

// nights is the set of all the room's events.
func (r *Room) nights() uint16 { return uint16(1<<len(r.events) - 1) }

// left is the set of events of which something is left.
func (r *Room) left() (set uint16) {
	for i, e := range r.events {
		if r.rooms.inv.Left(e) {
			set |= 1 << i
		}
	}
	return set
}
