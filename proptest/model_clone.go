package proptest

import (
	"maps"
	"slices"
)

// clone is a copy of a model of which nothing is shared, for searches that branch.
func (m *Model) clone() *Model {
	n := &Model{Charts: maps.Clone(m.Charts)}
	for _, e := range m.Events {
		n.Events = append(n.Events, e.clone())
	}
	return n
}

func (e *ModelEvent) clone() *ModelEvent {
	n := *e
	n.Seats, n.History = slices.Clone(e.Seats), slices.Clone(e.History)
	n.Answers, n.Reasons = slices.Clone(e.Answers), maps.Clone(e.Reasons)
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
