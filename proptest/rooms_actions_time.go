package proptest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/usherhq/usher/waitroom"
)

// wait lets time pass: nothing, a little, to about the moment when something is due, or hours.
func (x *RoomRun) wait() error {
	to := x.now
	switch x.Roll(16) {
	case 0:
		to += 3_600_000 * int64(1+x.Roll(30))
	case 1:
		to += 59_800 + int64(x.Roll(400))
	case 2, 3, 4, 5:
		to = x.moment() + int64(x.Roll(3)) - 1
	case 6, 7, 8:
		to += int64(x.Roll(5_000))
	default:
		to += int64(x.Roll(300))
	}
	x.now = max(x.now, to)
	return nil
}

// moment is one of the next three at which a deadline comes, a room opens or an admission
// is a minute old.
func (x *RoomRun) moment() int64 {
	var at []int64
	for _, m := range x.m {
		at = append(at, m.Cfg.OpensAt)
		for _, t := range m.Tickets {
			at = append(at, t.Deadline)
		}
		for _, t := range m.Admissions {
			at = append(at, t+60_000)
		}
	}
	at = slices.DeleteFunc(at, func(t int64) bool { return t < x.now })
	if len(at) == 0 {
		return x.now
	}
	slices.Sort(at)
	return at[x.Roll(min(3, len(at)))]
}

func (x *RoomRun) step() error { return x.stepBy(pick(x.Dice, 1, 1, 2, 5, 30, 200)) }

// stepBy does what is due: the model hears from the rooms how far the draw is, and wants it
// to come on.
func (x *RoomRun) stepBy(limit int) error {
	type told struct {
		admitted uint32
		more     bool
	}
	a, b := both(x, func(rs *waitroom.Rooms) told { n, more := rs.Step(x.now, limit); return told{n, more} })
	want := told{}
	for i, m := range x.m {
		drawing := m.Phase == waitroom.Drawing
		want.admitted += uint32(m.Step(x.now, limit, max(m.Drawn, x.heard(m))))
		want.more = want.more || m.due(x.now)
		if drawing {
			x.steps[i]++
		}
		if m.Phase == waitroom.Drawing && x.steps[i] > 2*len(m.Tickets)+2 {
			return fmt.Errorf("after %d steps %d of %d are drawn", x.steps[i], m.Drawn, len(m.Order))
		}
	}
	if a.admitted != want.admitted || b.admitted != want.admitted || want.more && !(a.more && b.more) {
		return fmt.Errorf("%d and %d are admitted, more to do: %v and %v; model %v", a.admitted, b.admitted, a.more, b.more, want)
	}
	return nil
}

// heard is how many of the draw's entrants have a place.
func (x *RoomRun) heard(m *ModelRoom) (n int) {
	r := x.rooms.Room(m.No)
	// Who has just been listed is not in the model's list before it has begun.
	for i := uint32(1); ; i++ {
		t, ok := r.Ticket(i)
		if !ok {
			return n
		}
		if t.Place > 0 && (m.DrawAt == 0 && t.State == waitroom.InLobby || slices.Contains(m.Listed, i)) {
			n++
		}
	}
}

// settle does all there is to do, which must come to an end, and then nobody can be admitted.
func (x *RoomRun) settle() error {
	for range 2000 {
		if !x.rooms.Due(x.now) && !x.twin.Due(x.now) {
			for _, m := range x.m {
				if m.due(x.now) {
					return fmt.Errorf("nothing is due, but model room %s has something to do", m.ID)
				}
			}
			return nil
		}
		if err := x.stepBy(50); err != nil {
			return err
		}
		if err := x.Verify(); err != nil {
			return err
		}
	}
	return errors.New("something stays due for ever")
}

// crash goes through a snapshot: the rooms, or the twin.
func (x *RoomRun) crash() error {
	at := &x.twin
	if x.Roll(3) == 0 {
		at = &x.rooms
	}
	b, err := roomBytes(*at)
	if err != nil {
		return err
	}
	sum := (*at).Digest()
	in := bytes.NewReader(append(slices.Clone(b), "behind it"...))
	if *at, err = waitroom.Restore(in, x.stock); err != nil {
		return err
	}
	again, err := roomBytes(*at)
	if err != nil || !bytes.Equal(again, b) || (*at).Digest() != sum || in.Len() != len("behind it") {
		return fmt.Errorf("what is restored is another: %d bytes, %d before; %d left; %w", len(again), len(b), in.Len(), err)
	}
	return nil
}

// crashInDraw crashes if a draw is under way.
func (x *RoomRun) crashInDraw() error {
	for _, m := range x.m {
		if m.Phase == waitroom.Drawing {
			return x.crash()
		}
	}
	return nil
}

func (x *RoomRun) freeze() error {
	b, err := roomBytes(x.rooms)
	if len(x.frozen) < 3 {
		x.frozen = append(x.frozen, frozenRooms{x.rooms.Freeze(), b})
	}
	return err
}

// thaw writes what was frozen: it must be as it was, whatever has been done since.
func (x *RoomRun) thaw() error {
	for _, f := range x.frozen {
		var b bytes.Buffer
		if _, err := f.z.WriteTo(&b); err != nil || !bytes.Equal(b.Bytes(), f.is) {
			return fmt.Errorf("what was frozen has changed: %w", err)
		}
	}
	x.frozen = nil
	return nil
}

// restore takes a backup, or loses all that came after the last one and begins a new era.
func (x *RoomRun) restore() error {
	if x.saved == nil || x.Roll(4) > 0 {
		b, err := roomBytes(x.rooms)
		x.saved = &roomBackup{bytes: b, now: x.now}
		for _, m := range x.m {
			x.saved.m = append(x.saved.m, m.clone(x.stock))
		}
		return err
	}
	x.eras++
	before := x.epochs()
	x.m, x.now, x.watch = nil, max(x.now, x.saved.now), watch{}
	for _, at := range []**waitroom.Rooms{&x.rooms, &x.twin} {
		rs, err := waitroom.Restore(bytes.NewReader(x.saved.bytes), x.stock)
		if err == nil {
			err = rs.Restored([32]byte{byte(x.eras), 1})
		}
		if err != nil {
			return err
		}
		*at = rs
	}
	for _, m := range x.saved.m {
		m = m.clone(x.stock)
		m.Eras = append(m.Eras, uint32(len(m.Tickets)+1))
		x.m = append(x.m, m)
	}
	for epoch := range x.epochs() {
		if before[epoch] {
			return fmt.Errorf("a room keeps its epoch %x over a restore", epoch)
		}
	}
	return nil
}

func (x *RoomRun) epochs() map[[16]byte]bool {
	all := map[[16]byte]bool{}
	for no := range uint32(x.rooms.Len()) {
		all[x.rooms.Room(no).Info(x.now).Epoch] = true
	}
	return all
}
