package main

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
)

// goodLeases are histories of a few seats as a right engine makes them: one after the
// other, some ended by their time, some renewed, some given back, some in the same
// millisecond as the next grant.
func goodLeases(rng *rand.Rand, seats, each int) []leaseRecord {
	var all []leaseRecord
	for seat := range seats {
		at := int64(1_000_000) + rng.Int64N(1000)
		for range each {
			r := leaseRecord{seat: uint32(seat), held: at, end: at + 1000, told: micros(time.Duration(at) * time.Millisecond)}
			switch rng.IntN(3) {
			case 0: // renewed
				r.end += rng.Int64N(1000)
			case 1: // given back
				r.end = at + rng.Int64N(1000)
				r.asked = micros(time.Duration(r.end)*time.Millisecond - time.Microsecond)
			}
			at = r.end + rng.Int64N(3)
			all = append(all, r)
		}
	}
	slices.SortStableFunc(all, func(a, b leaseRecord) int { return int(a.held - b.held) })
	for i := range all {
		all[i].token = 1<<40 + uint64(i)
	}
	return all
}

func judge(rng *rand.Rand, all []leaseRecord) leaseVerdict {
	l := newLeaseLedger(4)
	for _, i := range rng.Perm(len(all)) { // clients report in no order
		l.add(rng.IntN(100), all[i])
	}
	return l.verify()
}

// nextOf is the seat's next lease after lease i, or -1.
func nextOf(all []leaseRecord, i int) int {
	for k := i + 1; k < len(all); k++ {
		if all[k].seat == all[i].seat {
			return k
		}
	}
	return -1
}

// The ledger is what convicts: it must find every double that is planted, and only those.
func TestLeaseLedger(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 1))
		all := goodLeases(rng, 20, 50)
		if v := judge(rng, all); v != (leaseVerdict{leases: 1000}) {
			t.Fatalf("seed %d: what is right was judged %+v", seed, v)
		}
		for name, plant := range map[string]func(first, second *leaseRecord){
			"a millisecond early": func(a, b *leaseRecord) { a.end = b.held + 1 },
			"not ended at all":    func(a, b *leaseRecord) { a.end = a.held + 5000 },
			"known before the holder asked": func(a, b *leaseRecord) {
				a.end, a.asked = b.held, b.told+1
			},
			"granted at the same moment": func(a, b *leaseRecord) { a.end, b.held = a.held+1, a.held },
		} {
			bad := slices.Clone(all)
			i := rng.IntN(200)
			k := nextOf(bad, i)
			bad[i].asked = 0
			if plant(&bad[i], &bad[k]); judge(rng, bad).doubles == 0 {
				t.Errorf("seed %d, %s: not found", seed, name)
			}
		}
	}
}

// A lease is held against all later ones of its seat, also behind one that is over.
func TestLeaseLedgerLooksBehindTheNext(t *testing.T) {
	all := []leaseRecord{
		{token: 1, seat: 7, held: 0, end: 1000, told: 1},
		{token: 2, seat: 8, held: 0, end: 1000, told: 1},
		{token: 3, seat: 7, held: 400, end: 500, told: 2},
		{token: 4, seat: 7, held: 600, end: 1600, told: 3},
		{token: 5, seat: 7, held: 1600, end: 2600, told: 4},
	}
	if v := judge(rand.New(rand.NewPCG(1, 1)), all); v.doubles != 2 || v.lost != 0 {
		t.Errorf("%+v, want the two grants within the first lease", v)
	}
}

// Tokens are given once, and each to somebody.
func TestLeaseLedgerTokens(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	all := goodLeases(rng, 20, 50)
	if v := judge(rng, slices.Delete(slices.Clone(all), 500, 503)); v.lost != 3 || v.doubles != 0 {
		t.Errorf("three grants that nobody was told of: %+v", v)
	}
	twice := slices.Clone(all)
	twice[600].token = twice[601].token
	if v := judge(rng, twice); v.doubles == 0 || v.lost != 1 {
		t.Errorf("a token for two: %+v", v)
	}
	if v := judge(rng, nil); v != (leaseVerdict{}) {
		t.Errorf("no lease: %+v", v)
	}
	if v := judge(rng, []leaseRecord{{token: 1, seat: 1}, {token: 1 << 50, seat: 2}}); v.lost == 0 {
		t.Errorf("tokens far apart: %+v", v)
	}
}

// What the engine says of a release is believed within what its holder knows.
func TestLeaseEnd(t *testing.T) {
	for _, c := range []struct{ expires, seen, word, want int64 }{
		{1000, 300, 400, 400},   // a word that can be true
		{1000, 300, 200, 300},   // before anybody asked: no excuse for an early grant
		{1000, 300, 1500, 1000}, // it had ended by itself, and was swept later
		{1000, 1200, 400, 1000}, // the holder was late
	} {
		if got := leaseEnd(c.expires, c.seen, c.word); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

// Appointments come in order of their time.
func TestAgenda(t *testing.T) {
	var g agenda
	rng := rand.New(rand.NewPCG(3, 3))
	for range 100 {
		g.add(appointment{}, nil, time.Duration(rng.IntN(20)))
	}
	if g.due(-1) || !g.due(20) {
		t.Error("due at the wrong time")
	}
	for last := time.Duration(0); len(g) > 0; {
		a := g.pop()
		if a.at < last {
			t.Fatalf("%v after %v", a.at, last)
		}
		last = a.at
	}
}

// A late holder that is believed is noticed: by the log's time of the answer, not by how
// the call came about.
func TestLateBelieved(t *testing.T) {
	for _, c := range []struct {
		at   int64
		err  error
		want leaseCounts
	}{
		{999, nil, leaseCounts{renewed: 1}},
		{1000, nil, leaseCounts{lateBelieved: 1}},
		{0, engine.ErrHoldExpired, leaseCounts{lateRefused: 1}},
		{0, engine.ErrStaleFencingToken, leaseCounts{lateRefused: 1}},
		{0, engine.ErrHoldReleased, leaseCounts{lateRefused: 1}},
		{0, errors.New("broken"), leaseCounts{errors: 1}},
	} {
		client := &leaseClient{leaseLoad: &leaseLoad{}}
		l := &appointment{leaseRecord: leaseRecord{held: 0, end: 1000}}
		client.extended(l, engine.Hold{ServerTime: time.UnixMilli(c.at), ExpiresAt: time.UnixMilli(c.at + 1000)}, c.err)
		if client.counts != c.want {
			t.Errorf("answered at %d with %v: %+v", c.at, c.err, client.counts)
		}
		if c.want.renewed == 1 && l.end != c.at+1000 {
			t.Errorf("renewed until %d", l.end)
		}
	}
}

func TestLeaseVerdict(t *testing.T) {
	verdict := func(r leaseReport) (string, error) {
		var out lockedText
		err := (&benchLeaseCmd{}).report(&term{out: &stickyWriter{w: &out}}, &r)
		return out.String(), err
	}
	for name, r := range map[string]leaseReport{
		"double": {DoubleAllocations: 1}, "lost": {LostGrants: 1}, "believed": {LateBelieved: 1},
		"stuck": {StuckSeats: 1}, "failed": {Errors: 1, FirstError: "broken"},
	} {
		if _, err := verdict(r); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	text, err := verdict(leaseReport{LateRefused: 12})
	if err != nil || !strings.Contains(text, "refused 12") {
		t.Errorf("%v: %s", err, text)
	}
}
