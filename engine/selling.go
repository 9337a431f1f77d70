package engine

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/shard"
)

// sales knows which groups are selling: their voters stay where they are.
type sales struct {
	mu     sync.Mutex
	at     time.Time
	groups map[int]bool
	starts map[*raftfsm.Placement]time.Time // placements never change
}

// salesFor is how long an answer is good.
const salesFor = time.Second

// selling tells whether an event of the group is on sale: from when its sale begins until the
// event does, or nothing is left to sell or to pay for.
func (e *Engine) selling(group int) bool {
	select {
	case <-e.opened:
	default:
		return true // the node is at work before the engine is
	}
	s := &e.sales
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); s.groups == nil || now.Sub(s.at) > salesFor {
		groups, err := e.sellingNow(now.UTC())
		if err != nil {
			return true // not known: leave it alone
		}
		s.groups, s.at = groups, now
	}
	return s.groups[group]
}

func (e *Engine) sellingNow(now time.Time) (map[int]bool, error) {
	all, err := e.placements()
	if err != nil {
		return nil, err
	}
	s := &e.sales
	if s.starts == nil {
		s.starts = make(map[*raftfsm.Placement]time.Time)
	}
	groups := make(map[int]bool)
	for _, p := range all {
		g := int(p.Group)
		if groups[g] || p.Create.OnsaleAt > now.UnixMilli() {
			continue
		}
		starts, ok := s.starts[p]
		if !ok {
			var set settings
			if err := json.Unmarshal(p.Create.Meta, &set); err != nil {
				return nil, err
			}
			starts = set.StartsAt
			s.starts[p] = starts
		}
		if !now.Before(starts) {
			continue
		}
		if groups[g], err = e.unsold(g, p.Create.ID); err != nil {
			return nil, err
		}
	}
	return groups, nil
}

// unsold tells whether an event has seats or places that are not booked or blocked yet.
func (e *Engine) unsold(group int, id string) (left bool, err error) {
	viewErr := e.reader(group).View(func(s *shard.State) {
		no, ok := s.Find(id)
		if !ok {
			return
		}
		ev := s.Event(no)
		c := ev.Counts()
		left = c.Available+c.Held > 0
		for i := range ev.Areas() {
			a := ev.Area(i)
			left = left || a.Booked < a.Capacity
		}
	})
	return left, viewErr
}
