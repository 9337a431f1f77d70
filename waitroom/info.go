package waitroom

import "slices"

// RoomInfo is a room as it stands.
type RoomInfo struct {
	No      uint32
	ID      string
	Events  []uint32
	Config  Config // MaxActive and NewPerMinute as they are now
	State   State
	Reason  string
	Phase   Phase
	Pace    uint32 // admissions a minute that are tried for: NewPerMinute, or less with Auto
	Version uint64 // counts changes of the room and of its tickets
	KeyNo   uint32 // tokens are signed with the key of this number, those of KeyNo-1 are good; from 1
	Epoch   [16]byte
	Secret  [32]byte
	Eras    []Era // never none

	Joined   uint32 // tickets given, ever
	InLobby  uint32
	Waiting  uint32
	Possible uint32 // of Waiting: those for whom something is left
	Admitted uint32 // unused
	InShop   uint32
	Over     uint32 // the rest: lapsed, timed out, left, finished

	AdmittedMinute uint32 // in the last 60 s
	GaveUpMinute   uint32 // who left while waiting, in the last 60 s
	Near           uint32 // of Waiting: those whom the pace admits within 30 minutes
	GaveUpNear     uint32 // of GaveUpMinute: who were near
	WindowMS       int64  // how much of the last 60 s the room has been admitting; <= 60,000
}

// Era is how the ids of tickets are made that were given since a restore from a backup. Every
// room has a first one, which is zero.
type Era struct {
	First uint32 // number of its first ticket
	Salt  [16]byte
}

// Info tells how the room stands at now.
func (r *Room) Info(now int64) RoomInfo {
	i := RoomInfo{
		No: r.no, ID: r.id, Events: slices.Clone(r.events), Config: r.cfg, State: r.state, Reason: r.reason, Phase: r.phase,
		Pace: r.pace, Version: r.version, KeyNo: r.keyNo, Epoch: r.epoch, Secret: r.secret, Eras: slices.Clone(r.eras),
		Joined: r.tickets, InLobby: r.states[InLobby], Waiting: r.states[Waiting], Possible: r.possible(r.left()),
		Admitted: r.states[Admitted], InShop: r.states[InShop],
		AdmittedMinute: r.taken.at(now), GaveUpMinute: r.gaveUp.at(now),
		Near: r.near(), GaveUpNear: r.gaveNear.at(now),
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
	n := len(r.pages)*(ticketsInPage*28+16) + r.index.bytes() + 4*cap(r.draw.list)
	for i := range r.lanes {
		n += r.lanes[i].bytes()
	}
	return n
}
