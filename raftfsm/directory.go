package raftfsm

import (
	"bytes"
	"errors"

	"github.com/usherhq/usher/shard"
)

// ErrUnknownChart: the directory has no such chart, or not all of it.
var ErrUnknownChart = errors.New("usher: no such chart")

// NameChart gives a chart that is in the directory an id, in place of the one that had
// it; events keep the chart they were made with.
type NameChart struct {
	ChartID string
	Sum     [32]byte
}

// PlaceEvent enters an event into the catalogue and chooses its group. It decides
// uniqueness: the event's id is taken from here on.
type PlaceEvent struct {
	Series  string // events of one series share a group; empty: none
	ChartID string
	Create  shard.CreateEvent // what its group is to be told
}

// ActivateEvent notes that the event is in its group.
type ActivateEvent struct{ EventID string }

// Placement is an event's entry in the catalogue. It is never written in place.
type Placement struct {
	PlaceEvent
	Group    uint16 // 1…groups
	Active   bool
	PlacedAt int64 // unix ms of log time
}

// ChartVersion is one chart that an id has stood for.
type ChartVersion struct {
	ChartID string
	Sum     [32]byte
}

// Directory is the state of group 0: charts by their sums and ids, events by group, and
// the nodes.
// Methods that change nothing may run together.
type Directory struct {
	membership
	groups int
	time   int64
	charts shard.Charts
	names  []ChartVersion   // in order of naming; the last of an id counts
	byName map[string][]int // positions in names
	events []*Placement     // in order of creation
	byID   map[string]int
	load   []int // events in each group; [0] stays 0
	series map[string]uint16
	era    directoryEra
}

func newDirectory(groups int) *Directory {
	return &Directory{
		groups: groups, byName: make(map[string][]int), byID: make(map[string]int),
		load: make([]int, groups+1), series: make(map[string]uint16),
	}
}

// Chart is a chart's document, or nil when it is not there whole.
func (d *Directory) Chart(sum [32]byte) *shard.Chart {
	if c := d.charts.Get(sum); c != nil && c.Complete() {
		return c
	}
	return nil
}

// ChartNamed is the sum of the chart that has the id now.
func (d *Directory) ChartNamed(chartID string) (sum [32]byte, ok bool) {
	at := d.byName[chartID]
	if len(at) == 0 {
		return sum, false
	}
	return d.names[at[len(at)-1]].Sum, true
}

// ChartVersions are all the charts that ever had the id, oldest first.
func (d *Directory) ChartVersions(chartID string) [][32]byte {
	var sums [][32]byte
	for _, i := range d.byName[chartID] {
		sums = append(sums, d.names[i].Sum)
	}
	return sums
}

// Placement of an event, or nil.
func (d *Directory) Placement(eventID string) *Placement {
	if i, ok := d.byID[eventID]; ok {
		return d.events[i]
	}
	return nil
}

// Placements are all events in order of creation; the slice is not to be written to.
func (d *Directory) Placements() []*Placement { return d.events[:len(d.events):len(d.events)] }

// nameChart sets out.Count to 1 when the id stood for something else before.
func (d *Directory) nameChart(c *NameChart, out *shard.Result) {
	if c.ChartID == "" {
		out.Err = shard.ErrBadRequest
		return
	}
	if d.Chart(c.Sum) == nil {
		out.Err = ErrUnknownChart
		return
	}
	if now, ok := d.ChartNamed(c.ChartID); ok && now == c.Sum {
		return
	}
	d.addName(ChartVersion(*c))
	out.Count = 1
}

func (d *Directory) addName(v ChartVersion) {
	d.byName[v.ChartID] = append(d.byName[v.ChartID], len(d.names))
	d.names = append(d.names, v)
}

// place answers the event's group in out.Number. The epoch tells a creation that is
// repeated (by its idempotency key, or after an unknown outcome) from another one.
func (d *Directory) place(now int64, c *PlaceEvent, out *shard.Result) {
	if c.Create.ID == "" || len(c.Create.Meta) > shard.MaxMetaLen {
		out.Err = shard.ErrBadRequest
		return
	}
	if p := d.Placement(c.Create.ID); p != nil {
		out.Number, out.Replayed = uint32(p.Group), true
		switch {
		case p.Create.Epoch != c.Create.Epoch:
			out.Err = shard.ErrEventExists
		case !bytes.Equal(p.Create.Meta, c.Create.Meta):
			out.Err = shard.ErrIdempotencyMismatch
		}
		return
	}
	if d.Chart(c.Create.Chart) == nil {
		out.Err = ErrUnknownChart
		return
	}
	p := &Placement{PlaceEvent: *c, Group: d.groupFor(c.Series), PlacedAt: now}
	p.Create.Meta = bytes.Clone(c.Create.Meta)
	d.addPlacement(p)
	out.Number = uint32(p.Group)
}

// groupFor is the series' group, else the one with the fewest events.
func (d *Directory) groupFor(series string) uint16 {
	if g, ok := d.series[series]; ok && series != "" {
		return g
	}
	best := 1
	for g := 2; g <= d.groups; g++ {
		if d.load[g] < d.load[best] {
			best = g
		}
	}
	return uint16(best)
}

func (d *Directory) addPlacement(p *Placement) {
	d.byID[p.Create.ID] = len(d.events)
	d.events = append(d.events, p)
	d.load[p.Group]++
	if p.Series != "" {
		d.series[p.Series] = p.Group
	}
}

func (d *Directory) activate(c *ActivateEvent, out *shard.Result) {
	i, ok := d.byID[c.EventID]
	if !ok {
		out.Err = shard.ErrUnknownEvent
		return
	}
	if p := d.events[i]; !p.Active {
		next := *p
		next.Active = true
		// A frozen directory may still read the slice.
		d.events = append([]*Placement(nil), d.events...)
		d.events[i] = &next
	}
}
