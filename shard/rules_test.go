package shard

import "testing"

func TestGateWantsAdmission(t *testing.T) {
	w := theatre(t, Rules{Gated: true}, 1, "....")
	w.unchanged(func() { w.refused(ErrAdmissionRequired, w.hold(0)) })
	w.refused(ErrAdmissionRequired, w.claim(items(bestOf(0, 1))))
	var out Result
	w.s.Hold(w.now, &Hold{Seats: []uint32{0}, TTL: MinTTL, Holder: []byte("ann"), Admitted: true}, &out)
	w.ok(out)
	c := items(night(0, 1))
	c.Admitted = true
	w.ok(w.claim(c))
}

// The rule stands in the state machine: a plain claim cannot skip it.
func TestOrphansOfAPlainHold(t *testing.T) {
	w := theatre(t, Rules{Orphans: OrphansForbid}, 1, ".....")
	w.unchanged(func() { w.inTheWay(w.refused(ErrOrphanSeats, w.hold(1, 2)), 0) })
	w.inTheWay(w.refused(ErrOrphanSeats, w.hold(1, 3)), 0, 2, 4)
	w.ok(w.hold(0, 1, 2))
	w.refused(ErrOrphanSeats, w.hold(3))
	w.ok(w.hold(3, 4))
}

func TestOrphansThatCannotBeHelped(t *testing.T) {
	w := theatre(t, Rules{Orphans: OrphansAvoid}, 1, "...")
	w.refused(ErrOrphanSeats, w.hold(1))
	w.ok(w.hold(0, 1)) // all but one
	w.ok(w.hold(2))
}

// What has lapsed is free, swept or not.
func TestOrphansBesideALapsedHold(t *testing.T) {
	w := theatre(t, Rules{Orphans: OrphansForbid}, 1, "....")
	w.ok(w.holdFor(MinTTL, 2, 3))
	w.refused(ErrOrphanSeats, w.hold(0))
	w.later(MinTTL)
	w.refused(ErrOrphanSeats, w.hold(0, 1, 2))
	w.ok(w.hold(0, 1))
}

// A claim can ask for more than its event, never for less.
func TestOrphansOfAClaim(t *testing.T) {
	w := theatre(t, Rules{}, 1, "....")
	it := night(0, 1)
	it.Orphans = OrphansForbid
	w.refused(ErrOrphanSeats, w.claim(items(it)))
	w.ok(w.claim(items(night(0, 1))))
	w = theatre(t, Rules{Orphans: OrphansForbid}, 1, "....")
	w.refused(ErrOrphanSeats, w.claim(items(night(0, 1))))
}

// The same of a claim on an event that has no such rule: what has lapsed is ended first.
func TestOrphansOfAClaimBesideALapsedHold(t *testing.T) {
	w := theatre(t, Rules{}, 1, "....")
	w.ok(w.holdFor(MinTTL, 1, 2, 3))
	w.later(MinTTL)
	it := night(0, 0, 1)
	it.Orphans = OrphansForbid
	w.gave(w.claim(items(it)), []uint32{0, 1})
	w.ok(w.release(2, 0))
	w.ok(w.holdFor(MinTTL, 1))
	w.later(MinTTL)
	it = night(0, 0, 2, 3) // 1 would be alone
	it.Orphans = OrphansForbid
	w.refused(ErrOrphanSeats, w.claim(items(it)))
}

func TestRulesWithoutAPlan(t *testing.T) {
	w := worldWith(t, 4, CreateEvent{Rules: Rules{Orphans: OrphansAvoid, PerHolder: 2}})
	w.refused(ErrNoPlan, w.hold(0))
	w = newWorld(t, 4)
	w.refused(ErrNoPlan, w.claim(items(bestOf(0, 1))))
	w.ok(w.claim(items(night(0, 1))))
}

func TestRulesStayThroughASnapshot(t *testing.T) {
	rules := Rules{PerHolder: 3, Orphans: OrphansAvoid, Gated: true}
	w := theatre(t, rules, 1, "....")
	w.reload()
	if got := w.event().Rules(); got != rules || w.event().Plan() == nil || w.event().Areas() != 2 {
		t.Fatalf("rules %+v, plan %v, %d areas", got, w.event().Plan(), w.event().Areas())
	}
	var out Result
	w.s.CreateEvent(w.now, &CreateEvent{ID: "x", Chart: [32]byte{1}, Rules: Rules{Orphans: 3}}, &out)
	w.refused(ErrBadRequest, out)
	w.s.CreateEvent(w.now, &CreateEvent{ID: "x", Chart: [32]byte{1}, Plan: [32]byte{99}}, &out)
	w.refused(ErrUnknownChart, out)
	w.s.CreateEvent(w.now, &CreateEvent{ID: "x", Chart: [32]byte{1}, Plan: [32]byte{1}}, &out)
	w.refused(ErrBadPlan, out)
}

// What a read does not see is told before a table that is full: then nothing is settled.
func TestOrphansComeBeforeAFullTable(t *testing.T) {
	w := theatre(t, Rules{Orphans: OrphansForbid}, 1, ".....")
	w.event().maxKeys = 1
	keyed := func(k byte, seats ...uint32) *Hold {
		return &Hold{Seats: seats, TTL: MinTTL, Holder: []byte("ann"), Key: key(k, 1)}
	}
	var out Result
	w.s.Hold(w.now, keyed(1, 0), &out)
	w.ok(out)
	if w.s.RefuseHold(w.now, keyed(2, 2), &out) {
		t.Fatalf("settled as %v", out.Err)
	}
	w.s.Hold(w.now, keyed(2, 2), &out)
	w.refused(ErrOrphanSeats, out)
	w.s.Hold(w.now, keyed(2, 1), &out)
	w.refused(ErrIdempotencyFull, out)
}
