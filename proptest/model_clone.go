package proptest

import (
	"maps"
	"slices"
)

// clone is a copy of a model of which nothing is shared, for searches that branch.
func (m *Model) clone() *Model {
	n := &Model{Charts: maps.Clone(m.Charts), Plans: m.Plans}
	for _, e := range m.Events {
		n.Events = append(n.Events, e.clone())
	}
	for _, b := range m.Bundles {
		c := *b
		c.Parts = slices.Clone(b.Parts)
		for i := range c.Parts {
			if p := &c.Parts[i]; p.Hold != nil {
				p.Hold = n.Events[p.Event].Holds[p.Hold.Number-1]
				p.Hold.Bundle = &c
			}
		}
		n.Bundles = append(n.Bundles, &c)
	}
	return n
}

func (e *ModelEvent) clone() *ModelEvent {
	n := *e
	n.Seats, n.History = slices.Clone(e.Seats), slices.Clone(e.History)
	n.Answers, n.Reasons = slices.Clone(e.Answers), maps.Clone(e.Reasons)
	n.Channels = slices.Clone(e.Channels)
	n.Holds, n.Books = nil, nil
	for _, h := range e.Holds {
		c := *h
		n.Holds = append(n.Holds, &c)
	}
	for _, b := range e.Books {
		c := *b
		c.Hold = n.Holds[b.Hold.Number-1]
		n.Books = append(n.Books, &c)
	}
	for i := range n.Seats {
		if h := n.Seats[i].Granted; h != nil {
			n.Seats[i].Granted = n.Holds[h.Number-1]
		}
	}
	return &n
}
