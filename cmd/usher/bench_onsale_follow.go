package main

import (
	"time"

	"github.com/usherhq/usher/engine"
)

// follow lets people do what they meant to do by now.
func (s *onsale) follow(now int64) error {
	var ask []entry // those who look at the line, all at one moment
	for {
		e, ok := s.diary.due(now)
		if !ok {
			break
		}
		if e.what == toAskETA || e.what == toLook {
			ask = append(ask, e)
			continue
		}
		s.act(e, now)
	}
	if len(ask) == 0 {
		return nil
	}
	return s.line.View(func(v engine.LineView) {
		for _, e := range ask {
			f := &s.fans[e.who]
			if f.state != fanWaits {
				continue
			}
			eta := v.ETA(f.ticket)
			if e.what == toAskETA {
				f.toldAt = int32(now)
				if eta != nil {
					f.told = int32(int64(eta.Low+eta.High) * second / 2)
				}
			} else {
				s.thinkOver(e.who, f, eta, now)
			}
		}
	})
}

func (s *onsale) act(e entry, now int64) {
	f := &s.fans[e.who]
	switch e.what {
	case toArrive:
		s.arrive(e.who, f, now)
	case toGiveUp:
		if f.state == fanInLobby && now < 0 {
			s.leftLobby++
			s.quit(e.who, f)
		}
	case toCome:
		if f.state == fanAdmitted {
			s.send(&errand{what: enterErrand, who: []uint32{e.who}, ticket: f.ticket})
		}
	case toChoose:
		s.choose(e.who, f, now)
	case toDecide:
		s.decide(e.who, f)
	}
}

func (s *onsale) send(x *errand) { s.queue = append(s.queue, x) }

func (s *onsale) arrive(who uint32, f *fan, now int64) {
	if f.ticket == 0 {
		s.people++
		s.perSec[int64(f.arrives)/second]++
	}
	if s.line != nil {
		s.pending = append(s.pending, who)
		return
	}
	// Without a waiting room everybody has the page open and presses the button.
	f.state = fanInside
	s.diary.add(max(now, 0)+exponential(s.rng, 3*second), who, toChoose)
}

// sendJoins lets those join who came since.
func (s *onsale) sendJoins() {
	for len(s.pending) > 0 {
		n := min(len(s.pending), joinsAtOnce)
		x := &errand{what: joinErrand, who: append([]uint32(nil), s.pending[:n]...)}
		for _, who := range x.who {
			f := &s.fans[who]
			r := engine.JoinRequest{HolderID: fanName(who), Tier: fanTiers[f.tier]}
			for i := range onsaleNights {
				if night, ok := f.wants(i); ok {
					r.Nights = append(r.Nights, s.events[night])
				}
			}
			x.joins = append(x.joins, r)
		}
		s.pending = append(s.pending[:0], s.pending[n:]...)
		s.send(x)
	}
}

// joined notes the tickets.
func (s *onsale) joined(x *errand, now int64) {
	for i, who := range x.who {
		f := &s.fans[who]
		n, ok := s.line.Number(x.places[i].Ticket)
		if !ok {
			s.failed(engine.ErrUnknownTicket)
			return
		}
		f.ticket = n
		for int(n) >= len(s.byNo) {
			s.byNo = append(s.byNo, 0)
		}
		s.byNo[n] = who
		if x.places[i].State == engine.QueueLobby && !s.drawn {
			f.state = fanInLobby
			if at := now + exponential(s.rng, int64(float64(minute)/lobbyLeaves)); at < 0 {
				s.diary.add(at, who, toGiveUp)
			}
			continue
		}
		s.placed(who, f, now)
	}
}

// placed is for who knows its place now.
func (s *onsale) placed(who uint32, f *fan, now int64) {
	f.state, f.known = fanWaits, int32(now)
	s.diary.add(now+minute, who, toAskETA)
	s.diary.add(now+s.rng.Int64N(s.interval()), who, toLook)
}

func (s *onsale) interval() int64 {
	return int64(float64(checkEvery) * max(1, float64(len(s.fans))/checkCrowd))
}

// thinkOver is for who has looked how long it will take.
func (s *onsale) thinkOver(who uint32, f *fan, eta *engine.Span, now int64) {
	every := s.interval()
	told := time.Hour // nothing is left, or nobody is admitted
	if eta != nil {
		told = time.Duration(eta.Low+eta.High) * time.Second / 2
	}
	if s.rng.Float64() < leaves(told, every) {
		s.leftLine++
		s.quit(who, f)
		return
	}
	s.diary.add(now+every/2+s.rng.Int64N(every), who, toLook)
}

// quit leaves the line, or the shop.
func (s *onsale) quit(who uint32, f *fan) {
	f.state = fanGone
	delete(s.tokens, who)
	if s.line != nil {
		s.send(&errand{what: leaveErrand, who: []uint32{who}, ticket: f.ticket})
	}
}

// lookAtRoom sees who has been admitted, and whether bounds hold.
func (s *onsale) lookAtRoom(now int64) error {
	return s.line.View(func(v engine.LineView) {
		if !s.drawn && v.Drawn() {
			s.drawn = true
			for who := range s.fans {
				if f := &s.fans[who]; f.state == fanInLobby {
					s.placed(uint32(who), f, now)
				}
			}
		}
		s.insideMost = max(s.insideMost, v.Inside())
		s.overActive = max(s.overActive, v.Inside()-s.room.MaxActive)
		v.Admitted(func(n uint32, deadline int64, started bool) {
			if int(n) >= len(s.byNo) || started {
				return
			}
			// Who has just joined may be admitted before its answer is here: the next look sees it.
			who := s.byNo[n]
			if f := &s.fans[who]; f.ticket == n && (f.state == fanWaits || f.state == fanInLobby) {
				s.letIn(who, f, deadline-firstUse*second, now)
			}
		})
	})
}

// letIn notes an admission, which happened at a moment of log time.
func (s *onsale) letIn(who uint32, f *fan, at, now int64) {
	f.state = fanAdmitted
	s.admitted++
	s.admits = append(s.admits, at)
	if f.told > 0 {
		if waited := at - s.opens.UnixMilli() - int64(f.toldAt); waited >= minute {
			off := float64(int64(f.told)-waited) / float64(waited)
			s.etas++
			s.etaErrors = append(s.etaErrors, off)
			if off >= -0.2 && off <= 0.2 {
				s.etasWithin++
			}
		}
	}
	if after, ok := reaction(s.rng); ok {
		s.diary.add(now+after, who, toCome)
	} else {
		s.lapsed++
	}
}
