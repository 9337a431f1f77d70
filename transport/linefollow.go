package transport

import (
	"time"

	"github.com/usherhq/usher/engine"
)

// How often who waits is told of another position, in ticks of the hub: the nearer the turn, the
// sooner. Who is far back is told in turn, by ticket number, so that a crowd is no burst.
const (
	ticksAtOnce  = 1
	ticksSecond  = 4
	ticksFive    = 20
	ticksFifteen = 60 // also for what has changed without the position: the pace, the estimate
)

func cadence(position int) uint64 {
	switch {
	case position <= 100:
		return ticksAtOnce
	case position <= 1_000:
		return ticksSecond
	case position <= 10_000:
		return ticksFive
	}
	return ticksFifteen
}

// milestones in the order in which they are crossed.
var milestones = []struct {
	position int
	name     string
}{{1_000, "next_1000"}, {100, "next_100"}, {10, "next_10"}, {1, "next"}}

// lineFollow is the part of a subscription that follows a ticket. It is the hub's once it was
// posted to it.
type lineFollow struct {
	hub    *lineHub
	ticket string
	n      uint32 // in its room
	index  int    // in the hub's list, -1 when it is in none

	// What the client knows.
	eventID  string
	state    engine.QueueState
	position int
	begun    bool
	expires  time.Time
	token    string
	near     int    // how many milestones are behind it
	tick     uint64 // when it was told last
	version  uint64 // of the room, as it was looked at for that
	facts    uint64 // which of its event's facts it was told
	first    shared // the facts as it was told them first
}

// verdict is what a look at a ticket comes to.
type verdict uint8

const (
	silent  verdict = iota // it knows all there is
	later                  // there is something, and its time has not come
	suspect                // admitted: its session may have begun, or been prolonged
	tell
)

// judge compares how a ticket stands with what its client knows. Those in the lobby are told of
// its facts together, elsewhere.
func (f *lineFollow) judge(state engine.QueueState, position int, facts, version, tick uint64) verdict {
	switch {
	case state != f.state:
		return tell
	case state == engine.QueueLobby:
		return silent
	case state == engine.QueueAdmitted:
		return f.unless(version == f.version, f.passed(tick, ticksSecond), suspect)
	case facts != f.facts || f.crossed(position) > f.near:
		return tell
	case position != f.position:
		return f.unless(false, f.passed(tick, cadence(position)), tell)
	}
	return f.unless(version == f.version, f.passed(tick, ticksFifteen), tell)
}

func (f *lineFollow) unless(nothing, due bool, v verdict) verdict {
	switch {
	case nothing:
		return silent
	case !due:
		return later
	}
	return v
}

// passed tells whether a boundary of the period, which every ticket has elsewhere, has passed since
// the client was told.
func (f *lineFollow) passed(tick, period uint64) bool {
	offset := uint64(f.n) % period
	return (tick+offset)/period != (f.tick+offset)/period
}

// crossed counts the milestones that a position is behind.
func (f *lineFollow) crossed(position int) int {
	n := 0
	for n < len(milestones) && position >= 1 && position <= milestones[n].position {
		n++
	}
	return n
}

// knows notes what the client is told, and says which milestone that crosses, "" if none.
func (f *lineFollow) knows(p engine.Place) (milestone string) {
	position := 0
	if p.Position != nil {
		position = *p.Position
	}
	if near := f.crossed(position); near > f.near {
		// The first word is where it stands; nothing was crossed for it.
		if f.state == engine.QueueWaiting {
			milestone = milestones[near-1].name
		}
		f.near = near
	}
	f.eventID, f.state, f.position = p.EventID, p.State, position
	f.begun, f.token, f.expires = p.SessionStarted, p.AdmissionToken, time.Time{}
	if p.ExpiresAt != nil {
		f.expires = *p.ExpiresAt
	}
	return milestone
}

// news tells whether an admitted client knows less than p says.
func (f *lineFollow) news(p engine.Place) bool {
	return p.State != f.state || p.SessionStarted != f.begun || p.AdmissionToken != f.token ||
		p.ExpiresAt != nil && !p.ExpiresAt.Equal(f.expires)
}

// over tells whether nothing can happen to the ticket any more.
func over(state engine.QueueState) bool {
	return state != engine.QueueLobby && state != engine.QueueWaiting && state != engine.QueueAdmitted
}
