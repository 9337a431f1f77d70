package shard

import "testing"

var fans = [16]byte{0xfa}

func (w *world) allot(name string, hash [16]byte, seats ...uint32) (out Result) {
	w.s.Allot(w.now, &Allot{Seats: seats, Name: []byte(name), Hash: hash, Reason: []byte("presale")}, &out)
	return out
}

// claimWith claims seats with a channel's key.
func (w *world) claimWith(hash [16]byte, seats ...uint32) Result {
	w.Helper()
	it := night(0, seats...)
	it.Channel = hash
	return w.claim(items(it))
}

func TestChannelIsSoldToWhoKnowsItsKey(t *testing.T) {
	w := theatre(t, Rules{}, 1, "......")
	if out := w.ok(w.allot("fans", fans, 1, 2)); out.Count != 2 {
		t.Fatalf("answer is %+v", out)
	}
	w.seats("033000")
	if ch, why := w.event().Channel(1), w.event().Reason(1); ch != "fans" || why != "presale" {
		t.Fatalf("channel %q, reason %q", ch, why)
	}
	w.refused(ErrSeatsUnavailable, w.hold(1))
	w.refused(ErrUnknownChannel, w.claimWith([16]byte{9}, 1))
	w.ok(w.claimWith(fans, 1, 3)) // others are for everybody, and for them
	w.seats("013100")
}

// What comes back is the channel's again, whichever way it comes.
func TestChannelSeatsComeBackBlocked(t *testing.T) {
	w := theatre(t, Rules{}, 1, "......")
	w.ok(w.allot("fans", fans, 0, 1, 2))
	w.ok(w.release(w.ok(w.claimWith(fans, 0)).Number, 0))
	w.ok(w.cancel(w.ok(w.book(w.ok(w.claimWith(fans, 1)).Number, 0)).Number))
	w.ok(w.claimWith(fans, 2))
	w.later(10_000)
	w.refused(ErrSeatsUnavailable, w.hold(2))
	w.expire(9)
	w.seats("333000")
	w.reload()
	w.ok(w.claimWith(fans, 0, 1, 2))
}

// A seat of a channel that has lapsed can be had by the channel before it is swept.
func TestChannelSeatLapsed(t *testing.T) {
	w := theatre(t, Rules{}, 1, "......")
	w.ok(w.allot("fans", fans, 0))
	w.ok(w.claimWith(fans, 0))
	w.later(10_000)
	w.ok(w.claimWith(fans, 0))
	w.seats("100000")
}

func TestChannelBestSeats(t *testing.T) {
	w := theatre(t, Rules{}, 1, "......")
	w.ok(w.allot("fans", fans, 2, 3))
	it := bestOf(0, 2)
	w.gave(w.claim(items(it)), []uint32{0, 1})
	it.Channel = fans
	w.gave(w.claim(items(it)), []uint32{2, 3})
}

func TestChannelChangesHands(t *testing.T) {
	w := theatre(t, Rules{}, 1, "......")
	w.ok(w.allot("fans", fans, 0, 1))
	w.ok(w.allot("sponsors", [16]byte{5}, 1))
	w.ok(w.allot("fans", [16]byte{6}, 2)) // a new key for the same channel
	w.refused(ErrUnknownChannel, w.claimWith(fans, 0))
	w.refused(ErrSeatsUnavailable, w.claimWith([16]byte{6}, 1))
	w.ok(w.claimWith([16]byte{6}, 0, 2))
	w.refused(ErrBadRequest, w.allot("others", [16]byte{5}, 4)) // a key opens one channel
	w.refused(ErrSeatsUnavailable, w.allot("sponsors", [16]byte{5}, 2))
	w.ok(w.unblock(1))
	w.seats("101000")
	w.ok(w.hold(1))
	w.ok(w.release(2, 0))
	w.seats("101000")
}

func TestAllotRefusals(t *testing.T) {
	w := theatre(t, Rules{}, 1, "......")
	w.ok(w.hold(5))
	for name, c := range map[string]struct {
		Allot
		want error
	}{
		"no name":       {Allot{Seats: []uint32{0}, Hash: fans}, ErrBadRequest},
		"a long name":   {Allot{Seats: []uint32{0}, Hash: fans, Name: make([]byte, MaxChannelName+1)}, ErrBadRequest},
		"no key":        {Allot{Seats: []uint32{0}, Name: []byte("fans")}, ErrBadRequest},
		"no seats":      {Allot{Hash: fans, Name: []byte("fans")}, ErrBadRequest},
		"an area":       {Allot{Seats: []uint32{AreaCode(0, 1)}, Hash: fans, Name: []byte("fans")}, ErrUnknownSeat},
		"a held seat":   {Allot{Seats: []uint32{0, 5}, Hash: fans, Name: []byte("fans")}, ErrSeatsUnavailable},
		"another event": {Allot{Event: 7, Seats: []uint32{0}, Hash: fans, Name: []byte("fans")}, ErrUnknownEvent},
		"a long reason": {Allot{Seats: []uint32{0}, Hash: fans, Name: []byte("fans"), Reason: make([]byte, MaxReasonLen+1)}, ErrBadRequest},
	} {
		w.unchanged(func() {
			var out Result
			if w.s.Allot(w.now, &c.Allot, &out); out.Err != c.want {
				t.Errorf("%s: %v, want %v", name, out.Err, c.want)
			}
		})
	}
}
