package waitroom

import "slices"

// Info tells how the room stands at now.
func (r *Room) Info(now int64) RoomInfo {
	i := RoomInfo{
		No: r.no, ID: r.id, Events: slices.Clone(r.events), Config: r.cfg, State: r.state, Reason: r.reason, Phase: r.phase,
		Pace: r.pace, Version: r.version, KeyNo: r.keyNo, Epoch: r.epoch, Secret: r.secret, Eras: slices.Clone(r.eras),
		Joined: r.tickets, InLobby: r.states[InLobby], Waiting: r.states[Waiting], Possible: r.possible(r.left()),
		Admitted: r.states[Admitted], InShop: r.states[InShop],
		AdmittedMinute: r.taken.at(now), GaveUpMinute: r.gaveUp.at(now),
	}
	i.Config.Tiers = slices.Clone(r.cfg.Tiers)
	i.Over = i.Joined - i.InLobby - i.Waiting - i.Admitted - i.InShop
	if r.since != 0 {
		i.WindowMS = min(max(now-r.since, 0), minuteMS)
	}
	return i
}

// Version counts changes of the room and of its tickets.
func (r *Room) Version() uint64 { return r.version }

// Bytes is about how much memory the room's tickets and indexes take.
func (r *Room) Bytes() int {
	n := len(r.pages)*(ticketsInPage*26+8) + r.index.bytes() + 4*cap(r.draw.list)
	for i := range r.lanes {
		n += r.lanes[i].bytes()
	}
	return n
}
