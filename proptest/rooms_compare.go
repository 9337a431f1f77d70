package proptest

import (
	"crypto/sha256"
	"fmt"
	"reflect"
	"slices"

	"github.com/usherhq/usher/waitroom"
)

// compare wants rooms to read as their models do.
func (x *RoomRun) compare(rs *waitroom.Rooms) error {
	if rs.Len() != len(x.m) || rs.Room(uint32(len(x.m))) != nil {
		return fmt.Errorf("%d rooms, model %d", rs.Len(), len(x.m))
	}
	due := false
	for _, m := range x.m {
		r := rs.Room(m.No)
		if no, ok := rs.Find(m.ID); !ok || no != m.No {
			return fmt.Errorf("room %s is found at %d", m.ID, no)
		}
		for _, e := range m.Events {
			if no, ok := rs.Of(e); !ok || no != m.No {
				return fmt.Errorf("event %d is said to be of room %d", e, no)
			}
		}
		for _, step := range []func(*waitroom.Room, int64) error{m.compareInfo, m.compareTickets, m.compareDraw} {
			if err := step(r, x.now); err != nil {
				return fmt.Errorf("room %s: %w", m.ID, err)
			}
		}
		due = due || m.due(x.now)
	}
	if due && !rs.Due(x.now) {
		return fmt.Errorf("nothing is due at %d, but for the model", x.now)
	}
	return nil
}

func (m *ModelRoom) compareInfo(r *waitroom.Room, now int64) error {
	got := r.Info(now)
	want := waitroom.RoomInfo{
		No: m.No, ID: m.ID, Events: m.Events, Config: m.Cfg, State: m.State, Reason: m.Reason, Phase: m.Phase, Pace: m.Pace,
		Version: got.Version, KeyNo: m.KeyNo, Epoch: got.Epoch, Secret: [32]byte{7}, Eras: got.Eras, Joined: uint32(len(m.Tickets)),
		InLobby: uint32(m.count(waitroom.InLobby)), Waiting: uint32(m.count(waitroom.Waiting)), Possible: uint32(m.possible()),
		Admitted: uint32(m.count(waitroom.Admitted)), InShop: uint32(m.count(waitroom.InShop)),
		Over:           uint32(m.count(waitroom.Lapsed, waitroom.TimedOut, waitroom.Left, waitroom.Finished)),
		AdmittedMinute: uint32(lastMinute(m.Admissions, now)), GaveUpMinute: uint32(lastMinute(m.Gone, now)),
		Near: uint32(m.near()), GaveUpNear: uint32(lastMinute(m.GoneNear, now)),
	}
	if m.Since != 0 {
		want.WindowMS = min(now-m.Since, 60_000)
	}
	if !reflect.DeepEqual(got, want) {
		return fmt.Errorf("it is\n%+v\nmodel\n%+v", got, want)
	}
	var eras []uint32
	for _, e := range got.Eras {
		eras = append(eras, e.First)
	}
	if !slices.Equal(eras, m.Eras) {
		return fmt.Errorf("eras begin with %v, model %v", eras, m.Eras)
	}
	return nil
}

// near is how many of those who wait would be admitted within half an hour at the room's pace.
func (m *ModelRoom) near() int { return min(m.count(waitroom.Waiting), 30*int(m.Pace)) }

func (m *ModelRoom) compareTickets(r *waitroom.Room, _ int64) error {
	positions := m.positions()
	newest := map[[16]byte]uint32{}
	for _, t := range m.Tickets {
		want := waitroom.TicketInfo{
			State: t.State, Lane: t.Lane, Nights: t.Nights, Entrant: t.ID, Place: t.Place, Deadline: t.Deadline, Possible: m.wants(t),
		}
		if t.State == waitroom.Waiting {
			want.Position = positions[t.No]
		}
		got, ok := r.Ticket(t.No)
		if !ok || got != want {
			return fmt.Errorf("ticket %d is %+v\nmodel %+v", t.No, got, want)
		}
		if state, position, ok := r.State(t.No); !ok || state != want.State || position != want.Position {
			return fmt.Errorf("ticket %d is said to be in state %d at %d, model %d at %d", t.No, state, position, want.State, want.Position)
		}
		newest[t.ID] = t.No
	}
	for n, id := range roomCrowd {
		if got, ok := r.Find(id); ok != (newest[id] != 0) || got != newest[id] {
			return fmt.Errorf("person %d has ticket %d, model %d", n, got, newest[id])
		}
	}
	if _, ok := r.Ticket(uint32(len(m.Tickets) + 1)); ok {
		return fmt.Errorf("there is a ticket %d", len(m.Tickets)+1)
	}
	_, ok := r.Ticket(0)
	if ok {
		return fmt.Errorf("there is a ticket 0")
	}
	return nil
}

// compareDraw wants what is public of the draw to be what anyone would find who does it again.
func (m *ModelRoom) compareDraw(r *waitroom.Room, _ int64) error {
	want := waitroom.DrawInfo{Commitment: sha256.Sum256(m.Seed[:])}
	var list []waitroom.Listed
	if m.DrawAt != 0 && m.Phase == waitroom.Line {
		want.Done, want.Seed, want.Entrants, want.Digest, want.At = true, m.Seed, uint32(len(m.Listed)), m.Digest, m.DrawAt
		for _, n := range m.Listed {
			t := m.ticket(n)
			list = append(list, waitroom.Listed{ID: t.ID, Lane: t.Lane, Place: t.Place})
		}
	}
	if got := r.Draw(); got != want {
		return fmt.Errorf("its draw is\n%+v\nmodel\n%+v", got, want)
	}
	var got []waitroom.Listed
	for from := uint32(1); from != 0; {
		from = r.Entrants(from, 7, func(e waitroom.Listed) { got = append(got, e) })
	}
	if !slices.Equal(got, list) {
		return fmt.Errorf("entrants are\n%v\nmodel\n%v", got, list)
	}
	if len(list) == 0 {
		return nil
	}
	for i := range got {
		got[i].Place = 0
	}
	if digest := waitroom.Redraw(want.Seed, got); digest != want.Digest || !slices.Equal(got, list) {
		return fmt.Errorf("drawn again it is\n%v\nnot\n%v", got, list)
	}
	return nil
}
