package main

import (
	"slices"
	"time"
)

// appointment is what the holder of a lease means to do with it, and when by its own
// clock.
type appointment struct {
	leaseRecord
	holdID string
	late   bool // it will come back when the lease is over
	do     func(*leaseClient, appointment)
	at     time.Duration
}

// agenda is one client's appointments, the next one last.
type agenda []appointment

func (g *agenda) add(a appointment, do func(*leaseClient, appointment), at time.Duration) {
	a.do, a.at = do, at
	i, _ := slices.BinarySearchFunc(*g, at, func(x appointment, at time.Duration) int { return int(at - x.at) })
	*g = slices.Insert(*g, i, a)
}

// due tells whether the next appointment's time has come.
func (g agenda) due(now time.Duration) bool { return len(g) > 0 && g[len(g)-1].at <= now }

func (g *agenda) pop() appointment {
	last := len(*g) - 1
	a := (*g)[last]
	*g = (*g)[:last]
	return a
}
