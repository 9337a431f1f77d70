package engine

import "github.com/usherhq/usher/shard"

// areaCounts are the areas as they stand.
func (ref *eventRef) areaCounts(ev *shard.Event) []AreaCount {
	var out []AreaCount
	for i := range ev.Areas() {
		a := ev.Area(i)
		out = append(out, AreaCount{
			AreaID: ref.chart.Areas()[i].AreaID, Capacity: int(a.Capacity), Free: int(a.Capacity - a.Held - a.Booked),
			Held: int(a.Held), Booked: int(a.Booked),
		})
	}
	return out
}
