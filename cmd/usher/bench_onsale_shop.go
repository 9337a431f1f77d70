package main

import (
	"errors"

	"github.com/usherhq/usher/engine"
)

const rowsSearched = 16

// answered is what becomes of people when their errand is done.
func (s *onsale) answered(x *errand) {
	who, now := x.who[0], s.now()
	f := &s.fans[who]
	switch x.what {
	case joinErrand:
		if x.err != nil {
			s.failed(x.err)
			return
		}
		s.joined(x, now)
	case enterErrand:
		s.entered(x, who, f, now)
	case claimErrand:
		s.claimed(x, who, f, now)
	case bookErrand:
		s.bought(x, who, f)
	case releaseErrand, leaveErrand:
		if x.err != nil && !isLate(x.err) && !s.over(x.err) {
			s.failed(x.err)
		}
	}
}

func (s *onsale) failed(err error) {
	if s.errors++; s.first == nil {
		s.first = err
	}
}

// over tells an admission that is no longer good.
func (s *onsale) over(err error) bool {
	return errors.Is(err, engine.ErrAdmissionExpired) || errors.Is(err, engine.ErrAdmissionReplayed)
}

// entered is for who came into the shop, or too late.
func (s *onsale) entered(x *errand, who uint32, f *fan, now int64) {
	switch {
	case x.err == nil:
		f.state = fanInside
		s.tokens[who] = x.token
		s.diary.add(now+think(s.rng, 25*second, 3*minute), who, toChoose)
	case s.over(x.err):
		s.lapsed++
		f.state = fanGone
		if s.rng.Float64() < rejoins {
			f.told = 0
			s.diary.add(now+second, who, toArrive)
		}
	default:
		s.failed(x.err)
	}
}

// choose picks a night that has something left, and seats.
func (s *onsale) choose(who uint32, f *fan, now int64) {
	if f.state != fanInside {
		return
	}
	for i := range onsaleNights {
		night, ok := f.wants(i)
		if !ok {
			break
		}
		if s.free[night] == 0 && s.maps[night] != nil {
			continue
		}
		x := &errand{what: claimErrand, who: []uint32{who}, night: night}
		x.req = engine.HoldRequest{EventID: s.events[night], HolderID: fanName(who), AdmissionToken: s.tokens[who]}
		if ids := s.pick(night, int(f.party)); ids != nil {
			x.req.SeatIDs = ids
		} else {
			x.req.Best = &engine.BestRequest{Quantity: int(f.party), Apart: f.tries > 0}
		}
		s.attempts++
		s.send(x)
		return
	}
	s.noSeats++
	s.wasted++
	s.quit(who, f)
}

// pick chooses seats side by side on the map; nil: the best are asked for.
func (s *onsale) pick(night, party int) []string {
	m := s.maps[night]
	if m == nil || s.rng.Float64() >= picks {
		return nil
	}
	for range rowsSearched {
		from, to := s.index.RowRange(uint32(s.rng.IntN(m.Seats)))
		run := 0
		for i := from + uint32(s.rng.IntN(int(to-from))); i < to; i++ {
			if run++; m.Status(int(i)) != engine.SeatAvailable {
				run = 0
			}
			if run == party {
				ids := make([]string, party)
				for k := range ids {
					ids[k] = s.index.ID(i + 1 - uint32(party-k))
				}
				return ids
			}
		}
	}
	return nil
}

// claimed is for who got seats, or not.
func (s *onsale) claimed(x *errand, who uint32, f *fan, now int64) {
	record(s.latency, x.took)
	switch {
	case x.err == nil:
		s.note(x)
		s.holds[who] = x
		s.diary.add(now+think(s.rng, 75*second, 7*minute), who, toDecide)
	case errors.Is(x.err, engine.ErrSeatsUnavailable), errors.Is(x.err, engine.ErrNotOnSale):
		s.refused++
		s.again(x, who, f, now)
	case s.over(x.err):
		s.refused++
		s.wasted++
		f.state = fanGone
		delete(s.tokens, who)
	default:
		s.failed(x.err)
	}
}

// note enters a grant in the ledger: a seat that is still somebody's was given twice.
func (s *onsale) note(x *errand) {
	for _, id := range x.hold.SeatIDs {
		seat, ok := s.index.Find(id)
		if !ok || s.until[x.night][seat] > x.hold.HeldAt.UnixMilli() {
			s.doubles++
		}
		if ok {
			s.until[x.night][seat] = x.hold.ExpiresAt.UnixMilli()
		}
	}
}

func (s *onsale) mark(x *errand, until int64) {
	for _, id := range x.hold.SeatIDs {
		if seat, ok := s.index.Find(id); ok {
			s.until[x.night][seat] = until
		}
	}
}

// again is for who was refused. With a waiting room a few attempts are all that a session
// has time for; without, people go on while seats are shown.
func (s *onsale) again(x *errand, who uint32, f *fan, now int64) {
	if f.tries++; f.tries >= maxTries && s.line != nil || f.tries >= 4*maxTries {
		s.wasted++
		s.quit(who, f)
		return
	}
	if x.req.Best != nil && x.req.Best.Apart && f.party > 1 && s.rng.Float64() < smaller {
		f.party--
	}
	s.diary.add(now+think(s.rng, 6*second, minute), who, toChoose)
}

// decide is what becomes of a hold.
func (s *onsale) decide(who uint32, f *fan) {
	x := s.holds[who]
	delete(s.holds, who)
	delete(s.tokens, who)
	switch mood := s.rng.Float64(); {
	case mood < booksHold:
		s.send(&errand{what: bookErrand, who: x.who, night: x.night, hold: x.hold})
		return
	case mood < booksHold+freesHold:
		s.mark(x, 0) // before it is given back: then somebody else may have it at once
		s.send(&errand{what: releaseErrand, who: x.who, night: x.night, hold: x.hold, ticket: f.ticket})
	}
	f.state = fanGone
	s.wasted++
}

// bought is for who paid, or was too late to.
func (s *onsale) bought(x *errand, who uint32, f *fan) {
	f.state = fanBooked
	switch {
	case x.err == nil:
		s.mark(x, booked)
		s.sold[x.night] += len(x.hold.SeatIDs)
		s.buyers++
	case isLate(x.err):
		s.wasted++
	default:
		s.failed(x.err)
	}
}
