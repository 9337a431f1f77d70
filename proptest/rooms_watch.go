package proptest

import (
	"fmt"
	"slices"

	"github.com/usherhq/usher/waitroom"
)

// watch looks at the rooms as somebody does who has no model: whom they admit, and when. What
// is promised without conditions it holds them to.
type watch struct{ rooms []watchedRoom }

type watchedRoom struct {
	tickets  []waitroom.TicketInfo
	info     waitroom.RoomInfo
	admitted []int64 // when
}

func (w *watch) look(x *RoomRun) error {
	for no := range x.m {
		if no == len(w.rooms) {
			w.rooms = append(w.rooms, watchedRoom{admitted: slices.Clone(x.m[no].Admissions)})
			w.rooms[no].read(x.rooms.Room(uint32(no)), x.now)
			continue
		}
		if err := w.rooms[no].look(x.rooms.Room(uint32(no)), x); err != nil {
			return fmt.Errorf("room %d: %w", no, err)
		}
	}
	return nil
}

func (w *watchedRoom) read(r *waitroom.Room, now int64) {
	w.info, w.tickets = r.Info(now), w.tickets[:0]
	for n := uint32(1); ; n++ {
		t, ok := r.Ticket(n)
		if !ok {
			return
		}
		w.tickets = append(w.tickets, t)
	}
}

func (w *watchedRoom) look(r *waitroom.Room, x *RoomRun) error {
	was := watchedRoom{tickets: slices.Clone(w.tickets), info: w.info}
	w.read(r, x.now)
	if err := w.version(&was); err != nil {
		return err
	}
	var let []int // indexes of who was admitted
	for i, t := range w.tickets {
		before := waitroom.Waiting
		if i < len(was.tickets) {
			before = was.tickets[i].State
		}
		switch {
		case before > waitroom.Waiting && t.State < before:
			return fmt.Errorf("ticket %d goes from state %d back to %d", i+1, before, t.State)
		case before <= waitroom.Waiting && (t.State == waitroom.Admitted || t.State == waitroom.InShop):
			let = append(let, i)
			w.admitted = append(w.admitted, x.now)
		case i < len(was.tickets) && was.tickets[i].Place != 0 && was.tickets[i].Place != t.Place:
			return fmt.Errorf("ticket %d had place %d, and has %d", i+1, was.tickets[i].Place, t.Place)
		}
	}
	if len(let) == 0 {
		return nil
	}
	if err := w.bounds(x.now); err != nil {
		return err
	}
	return w.fair(r, let)
}

// version wants a change to be counted: readers rely on it to look again.
func (w *watchedRoom) version(was *watchedRoom) error {
	changed := len(w.tickets) != len(was.tickets) || w.info.State != was.info.State || w.info.Phase != was.info.Phase ||
		w.info.Pace != was.info.Pace || w.info.KeyNo != was.info.KeyNo || len(w.info.Events) != len(was.info.Events) ||
		w.info.Config.MaxActive != was.info.Config.MaxActive || w.info.Config.NewPerMinute != was.info.Config.NewPerMinute
	for i := range min(len(w.tickets), len(was.tickets)) {
		a, b := w.tickets[i], was.tickets[i]
		a.Possible, b.Possible = false, false // the seats' doing
		changed = changed || a != b
	}
	if w.info.Version < was.info.Version || changed && w.info.Version == was.info.Version {
		return fmt.Errorf("something changed between versions %d and %d", was.info.Version, w.info.Version)
	}
	return nil
}

func (w *watchedRoom) bounds(now int64) error {
	i := w.info
	if i.Phase == waitroom.Before || i.State == waitroom.Paused || i.State == waitroom.Closed {
		return fmt.Errorf("somebody is admitted in phase %d, state %d", i.Phase, i.State)
	}
	if n := i.Admitted + i.InShop; n > i.Config.MaxActive {
		return fmt.Errorf("%d are inside, %d may be", n, i.Config.MaxActive)
	}
	recent := 0
	for _, at := range w.admitted {
		if at > now-60_000 {
			recent++
		}
	}
	if recent > int(i.Config.NewPerMinute) {
		return fmt.Errorf("%d are admitted within 60 s, %d may be", recent, i.Config.NewPerMinute)
	}
	return nil
}

// fair wants nobody to be let in before who has a lower place in the same lane, unless
// nothing is left for that one.
func (w *watchedRoom) fair(r *waitroom.Room, let []int) error {
	last := map[uint8]uint32{}
	for _, i := range let {
		last[w.tickets[i].Lane] = max(last[w.tickets[i].Lane], w.tickets[i].Place)
	}
	for i, t := range w.tickets {
		if t.State == waitroom.Waiting && t.Possible && t.Place < last[t.Lane] {
			return fmt.Errorf("place %d of lane %d is admitted, and ticket %d at %d still waits", last[t.Lane], t.Lane, i+1, t.Place)
		}
	}
	return nil
}
