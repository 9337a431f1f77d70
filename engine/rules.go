package engine

import (
	"fmt"

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
	return room.fill(s.Series, s.WaitingRoom)
}

// rules are the event's as the log knows them.
func (s *settings) rules() shard.Rules {
	r := shard.Rules{Orphans: orphanPolicies[s.Orphans], Gated: s.WaitingRoom != nil || s.Strategy == ModeQueue}
	if s.Limits != nil {
		r.PerHolder = uint32(s.Limits.PerHolder)
	}
	return r
}
