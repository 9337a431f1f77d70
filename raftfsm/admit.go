package raftfsm

import "github.com/usherhq/usher/waitroom"

const (
	admitLimit   = 4096 // what one OpAdmit does in a room at most, in tickets
	admitsInTick = 16
)

// admit proposes bounded entries in which rooms do what is due: draw, admit, let lapse.
func (g *Group) admit() {
	for range admitsInTick {
		due := false
		if g.ViewRooms(func(rs *waitroom.Rooms) { due = rs.Due(g.clock.now()) }) != nil || !due {
			return
		}
		if res, err := g.tick(Command{Op: OpAdmit, Admit: Admit{Limit: admitLimit}}); err != nil || !res.More {
			return
		}
	}
}
