package shard

// Conflict is one seat that stood in a claim's way.
type Conflict struct {
	Seat   uint32 // or an area, see AreaCode: the quantity is what is left of it
	Status Status
	// Undecided says that the seat is held by a claim over several groups of which it is
	// not known yet whether it stands: it may be free again in a moment.
	Undecided bool
	Item      uint16 // which item of a claim
	Version   uint64 // the seat's, where versions are what the claim was about
}

// Granted is one item of a claim that was granted.
type Granted struct {
	Event   uint32
	Hold    uint32
	Token   uint64
	Version uint64   // the event's after the grant
	Seats   []uint32 // what was chosen, ascending
}

// Result is what became of a command. It holds no reference into the state: the
// caller may keep it. Conflicts is appended to, so a caller that reuses Results pays
// for no allocation.
type Result struct {
	Err       error // nil, or one of the sentinels of this package
	Event     uint32
	Number    uint32 // of the hold or booking
	Token     uint64 // fencing token of the hold
	Version   uint64 // the event's version after the command
	Now       int64  // log time of the command, unix ms
	Expires   int64  // of the hold, unix ms
	Count     uint32 // seats changed (Block), holds ended (Expire)
	More      bool   // Expire: there was more to do than the limit allowed
	Replayed  bool   // the first answer to this idempotency key, again
	Conflicts []Conflict
	// Granted has what a Claim was given, item by item; nil when the answer comes from the
	// idempotency table. Its memory is new, and the caller's.
	Granted []Granted
	Bundle  BundleState // Decide, Resolve: how the bundle stands now
}

func (r *Result) reset(now int64) {
	*r = Result{Now: now, Conflicts: r.Conflicts[:0]}
}
