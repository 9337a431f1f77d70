package shard

// Conflict is one seat that stood in a claim's way.
type Conflict struct {
	Seat   uint32
	Status Status
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
}

func (r *Result) reset(now int64) {
	*r = Result{Now: now, Conflicts: r.Conflicts[:0]}
}
