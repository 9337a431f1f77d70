package heat

import (
	"cmp"
	"maps"
	"slices"
)

// makeRoom drops the maps that have nothing to tell, and then the coldest until an eighth
// of events and of pages is free for what may become hot before the next tick.
func (h *Heat) makeRoom() {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := maps.Clone(*h.maps.Load())
	maps.DeleteFunc(all, func(_ Key, m *Map) bool { return m.dropIdle() })
	for _, k := range coldest(all) {
		if len(all) <= h.cfg.MaxEvents-h.cfg.MaxEvents/8 && h.budget.used() <= h.budget.max-h.budget.max/8 {
			break
		}
		all[k].drop()
		delete(all, k)
	}
	h.maps.Store(&all)
}

// coldest orders events by claims and viewers, those with fewest first, of equals the ones
// that came last.
func coldest(all map[Key]*Map) []Key {
	score := make(map[Key]float64, len(all))
	for k, m := range all {
		p := m.Pulse()
		score[k] = p.Attempts + viewerWeight*float64(p.Viewers)
	}
	return slices.SortedFunc(maps.Keys(all), func(a, b Key) int {
		return cmp.Or(cmp.Compare(score[a], score[b]), cmp.Compare(b.Event, a.Event), cmp.Compare(b.Group, a.Group))
	})
}
