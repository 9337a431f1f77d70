package shard

import (
	"strings"
	"testing"
)

// planted are violations of every invariant, written behind the state's back into a
// world whose seats are: 0 and 1 booked (hold 1, booking 1), 2 held (hold 2), 3 held
// under a key (hold 3), 4 blocked with a reason, 5 free.
var planted = map[string]struct {
	plant func(s *State, e *Event)
	want  string
}{
	"seat sold twice": {func(_ *State, e *Event) {
		e.pageOf(2).seats[1][0] = 0
	}, "seat 0"},
	"seat held twice": {func(_ *State, e *Event) {
		e.pageOf(3).seats[2][0] = 2
	}, "seat 2 is allocated twice: to hold 2 and to hold 3"},
	"one hold booked twice": {func(_ *State, e *Event) {
		e.lastBook++
		e.books[0].recs[1] = e.books[0].recs[0]
		e.books[0].used++
		e.sum += e.books[0].sum(1, 2)
	}, "booking 2 is of hold 1"},
	"held seat says free":       {func(_ *State, e *Event) { e.seatPages[0].packed[0] &^= 3 << 4 }, "seat 2"},
	"free seat says held":       {func(_ *State, e *Event) { e.seatPages[0].packed[1] |= 1 << 2 }, "seat 5"},
	"free seat says booked":     {func(_ *State, e *Event) { e.seatPages[0].packed[1] |= 2 << 2 }, "seat 5"},
	"wrong owner":               {func(_ *State, e *Event) { e.seatPages[0].owner[2] = 1 }, "seat 2"},
	"counts":                    {func(_ *State, e *Event) { e.counts.Available++ }, "counts"},
	"seat ahead of its event":   {func(_ *State, e *Event) { e.seatPages[0].version[2] = 99 }, "version 99"},
	"two seats at one version":  {func(_ *State, e *Event) { e.seatPages[0].version[2] = e.seatPages[0].version[3] }, "both changed"},
	"version nobody changed at": {func(_ *State, e *Event) { e.version++ }, "newest"},
	"digest":                    {func(_ *State, e *Event) { e.sum++ }, "digest"},
	"holder's name":             {func(_ *State, e *Event) { e.pageOf(1).text[0] ^= 1 }, "digest"},
	"payment":                   {func(_ *State, e *Event) { e.books[0].text[4] ^= 1 }, "digest"},
	"amount":                    {func(_ *State, e *Event) { e.books[0].recs[0].amount++ }, "digest"},
	"reason":                    {func(_ *State, e *Event) { e.reasons[4] = "other" }, "digest"},
	"reason without block":      {func(_ *State, e *Event) { e.reasons[5] = "x" }, "not blocked"},
	"hold's state":              {func(_ *State, e *Event) { e.pageOf(2).state[1] = 9 }, "state 9"},
	"hold's end":                {func(_ *State, e *Event) { e.pageOf(2).expires[1]++ }, "digest"},
	"hold ended, seat kept": {func(_ *State, e *Event) {
		p := e.pageOf(2)
		p.state[1], p.expires[1] = HoldReleased, p.lastEnded
		p.active--
	}, "seat 2"},
	"page counts an ended hold": {func(_ *State, e *Event) { e.pageOf(2).state[1] = HoldReleased }, "active"},
	"active holds":              {func(_ *State, e *Event) { e.pageOf(2).active++ }, "active"},
	"page too short":            {func(_ *State, e *Event) { e.pageOf(2).used-- }, "page of hold 1"},
	"page's last end":           {func(_ *State, e *Event) { e.pageOf(2).lastEnded++ }, "ended"},
	"page due too late":         {func(_ *State, e *Event) { e.pageOf(2).due = never }, "due"},
	"block due too late":        {func(_ *State, e *Event) { e.blocks[0].due = never }, "due"},
	"event due too late":        {func(_ *State, e *Event) { e.due = never }, "due"},
	"newest hold lost":          {func(_ *State, e *Event) { e.lastHold = 9000 }, "beyond"},
	"hold of a lost seat":       {func(_ *State, e *Event) { e.pageOf(4).seats[3][0] = 6 }, "no such seat"},
	"booking of no hold":        {func(_ *State, e *Event) { e.books[0].recs[0].hold = 77 }, "hold 77"},
	"booking of another's hold": {func(_ *State, e *Event) { e.books[0].recs[0].hold = 2 }, "booking 1"},
	"booking's state":           {func(_ *State, e *Event) { e.books[0].recs[0].state = 7 }, "state 7"},
	"booking's seats":           {func(_ *State, e *Event) { e.books[0].seats[1] = 5 }, "booking 1"},
	"hold of no booking":        {func(_ *State, e *Event) { e.pageOf(1).expires[0] = 5 }, "booking 5"},
	"key not indexed":           {func(_ *State, e *Event) { delete(e.keys.index, [16]byte{1}) }, "key"},
	"key indexed elsewhere":     {func(_ *State, e *Event) { e.keys.index[[16]byte{1}]++ }, "key"},
	"key too many":              {func(_ *State, e *Event) { e.keys.index[[16]byte{2}] = 0 }, "index"},
	"key's answer":              {func(_ *State, e *Event) { e.keys.at(0).token++ }, "digest"},
	"key's time":                {func(_ *State, e *Event) { e.keys.at(0).at -= Retention }, "due"},
	"key's page":                {func(_ *State, e *Event) { e.keys.base++ }, "base"},
	"keys out of order": {func(_ *State, e *Event) {
		e.keys.next++
		*e.keys.at(1) = *e.keys.at(0)
		e.keys.at(1).at--
		e.keys.index[[16]byte{1}] = 1
	}, "older"},
	"first era's hold":     {func(_ *State, e *Event) { e.era.Hold = 1 }, "first era"},
	"era with a low base":  {func(_ *State, e *Event) { e.past = e.Eras(); e.era = Era{Hold: 1, Booking: 1, Base: 1<<32 - 1} }, "era 1"},
	"era of holds to come": {func(_ *State, e *Event) { e.past = e.Eras(); e.era = Era{Hold: 6, Booking: 1, Base: 1 << 32} }, "era 1"},
	"era of books to come": {func(_ *State, e *Event) { e.past = e.Eras(); e.era = Era{Hold: 1, Booking: 3, Base: 1 << 32} }, "era 1"},
	"era without tokens": {func(_ *State, e *Event) {
		e.past = e.Eras()
		e.era = Era{Hold: 1, Booking: 1, Base: MaxToken - 1<<32 + 2}
	}, "era 1"},
	"event's number":    {func(_ *State, e *Event) { e.no = 3 }, "calls itself"},
	"event's name":      {func(s *State, e *Event) { s.byID["x"] = 0; delete(s.byID, e.id) }, "leads to"},
	"one name too many": {func(s *State, _ *Event) { s.byID["x"] = 0 }, "ids"},
	"chart lost":        {func(s *State, _ *Event) { s.Charts = Charts{} }, "chart"},
	"chart's seats":     {func(s *State, _ *Event) { s.Charts.list[0].Seats++ }, "chart"},
}

// pageOf is the page of a hold, for writing behind the state's back.
func (e *Event) pageOf(n uint32) *holdPage {
	p, _ := e.hold(n)
	return p
}

func TestCheckFindsWhatWasPlanted(t *testing.T) {
	for name, tc := range planted {
		t.Run(name, func(t *testing.T) {
			s := plantable(t)
			if err := s.Check(); err != nil {
				t.Fatalf("before: %v", err)
			}
			tc.plant(s, s.Event(0))
			if err := s.Check(); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("Check says %v, want something about %q", err, tc.want)
			}
		})
	}
}

func plantable(t *testing.T) *State {
	w := &world{TB: t, s: newEvent(t, 6, 1), now: start}
	w.s.Advance(start)
	w.ok(w.book(w.ok(w.hold(0, 1)).Number, 0))
	w.ok(w.hold(2))
	var out Result
	w.s.Hold(w.now, &Hold{Seats: []uint32{3}, TTL: MinTTL, Holder: []byte("bob"), Key: key(1, 1)}, &out)
	w.ok(out)
	w.ok(w.release(w.ok(w.hold(5)).Number, 0))
	w.ok(w.block("camera", 4))
	return w.s
}
