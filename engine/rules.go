package engine

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/usherhq/usher/shard"
)

const (
	maxPerHolder = 1000
	maxRoom      = 10_000_000 // of what a waiting room counts

	defaultSession  = 600
	defaultFirstUse = 120
)

var orphanPolicies = map[Orphans]shard.Orphans{
	"": shard.OrphansAllow, OrphansAllow: shard.OrphansAllow, OrphansAvoid: shard.OrphansAvoid, OrphansForbid: shard.OrphansForbid,
}

func (o Orphans) check() error {
	if _, ok := orphanPolicies[o]; !ok {
		return &InvalidError{"orphans", fmt.Sprintf("%q is not one of allow, avoid, forbid", o)}
	}
	return nil
}

// checkRules judges what claims of the event will be held to, and fills in defaults.
func (s *EventSpec) checkRules() error {
	if err := s.Orphans.check(); err != nil {
		return err
	}
	if s.Limits != nil && (s.Limits.PerHolder < 1 || s.Limits.PerHolder > maxPerHolder) {
		return &InvalidError{"limits.per_holder", fmt.Sprintf("%d is not between 1 and %d", s.Limits.PerHolder, maxPerHolder)}
	}
	if s.WaitingRoom == nil {
		return nil
	}
	room := *s.WaitingRoom
	s.WaitingRoom = &room
	return room.fill(s.WaitingRoom)
}

// fill writes the room with its defaults into out, or says which field is wrong.
func (w WaitingRoom) fill(out *WaitingRoom) error {
	if w.SessionSeconds == 0 {
		w.SessionSeconds = defaultSession
	}
	if w.FirstUseSeconds == 0 {
		w.FirstUseSeconds = defaultFirstUse
	}
	if w.Pace == "" {
		w.Pace = "fixed"
	}
	if w.Lobby == nil {
		yes := true
		w.Lobby = &yes
	}
	for _, f := range []struct {
		name       string
		v, min, at int
	}{
		{"max_active", w.MaxActive, 1, maxRoom}, {"new_per_minute", w.NewPerMinute, 1, maxRoom},
		{"session_seconds", w.SessionSeconds, 1, 86_400}, {"first_use_seconds", w.FirstUseSeconds, 1, 300},
	} {
		if f.v < f.min || f.v > f.at {
			return &InvalidError{"waiting_room." + f.name, fmt.Sprintf("%d is not between %d and %d", f.v, f.min, f.at)}
		}
	}
	if w.Pace != "fixed" && w.Pace != "auto" {
		return &InvalidError{"waiting_room.pace", fmt.Sprintf("%q is neither fixed nor auto", w.Pace)}
	}
	if len(w.Tiers) > 16 {
		return &InvalidError{"waiting_room.tiers", fmt.Sprintf("%d tiers, at most 16 are possible", len(w.Tiers))}
	}
	for _, name := range sortedKeys(w.Tiers) {
		if !isRatio(w.Tiers[name]) || checkText("tier", name) != nil {
			return &InvalidError{"waiting_room.tiers." + name, fmt.Sprintf("%q is not a ratio such as \"3:1\"", w.Tiers[name])}
		}
	}
	*out = w
	return nil
}

// isRatio wants general admissions to tier admissions: "3:1".
func isRatio(s string) bool {
	a, b, ok := strings.Cut(s, ":")
	for _, part := range []string{a, b} {
		n, err := strconv.Atoi(part)
		ok = ok && err == nil && n >= 1 && n <= 1000 && part == strconv.Itoa(n)
	}
	return ok
}

// rules are the event's as the log knows them.
func (s *settings) rules() shard.Rules {
	r := shard.Rules{Orphans: orphanPolicies[s.Orphans], Gated: s.WaitingRoom != nil || s.Strategy == ModeQueue}
	if s.Limits != nil {
		r.PerHolder = uint32(s.Limits.PerHolder)
	}
	return r
}
