package proptest_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
)

// census is who has which seat at a node, going by what the node says of each hold and booking.
type census struct {
	c      *cluster
	l      *load
	node   *clusterNode
	stakes []*stake                   // that somebody was told of
	open   []*clusterCall             // what may have been granted as well
	right  func(*stake, string) error // whether a stake may have a status
}

// take wants each seat to be as the one that has it is. All others are free, or of one of the
// open calls, which then has all its seats on all its nights.
func (x *census) take() error {
	owned, err := x.owned()
	if err != nil {
		return fmt.Errorf("node %s: %w", x.node.id, err)
	}
	orphans := map[string]string{}
	for _, event := range x.l.events {
		seats, err := x.c.seats(x.node, event)
		if err != nil {
			return err
		}
		for key, is := range seats {
			switch want := owned[key]; {
			case want == "" && is != "available":
				orphans[key] = is
			case want != "" && is != want:
				return fmt.Errorf("node %s: seat %s is %s, its owner says %s", x.node.id, key, is, want)
			}
		}
	}
	return x.explain(orphans)
}

// owned asks for every stake, and gives the status of each seat that one has.
func (x *census) owned() (map[string]string, error) {
	owned := map[string]string{}
	var mu sync.Mutex
	var readers errgroup.Group
	readers.SetLimit(clusterClients)
	for _, s := range x.stakes {
		readers.Go(func() error {
			status, err := x.c.readStake(x.node, s)
			if err == nil {
				err = x.right(s, status)
			}
			if err != nil {
				return fmt.Errorf("acknowledged as %+v: %w", *s, err)
			}
			if status != "held" && status != "booked" {
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			for _, key := range s.keys() {
				if owned[key] != "" {
					return fmt.Errorf("seat %s has two owners, one of them %+v", key, *s)
				}
				owned[key] = status
			}
			return nil
		})
	}
	return owned, readers.Wait()
}

// explain wants every seat that no stake has to be of an open call that has all of its own.
func (x *census) explain(orphans map[string]string) error {
	whole := map[string]bool{}
	for _, call := range x.open {
		keys := keysOf(call.nights)
		has := func(key string) bool { return orphans[key] == "held" }
		if slices.ContainsFunc(keys, func(key string) bool { return !has(key) }) {
			continue
		}
		for _, key := range keys {
			whole[key] = true
		}
	}
	for key, is := range orphans {
		if !whole[key] {
			return fmt.Errorf("node %s: seat %s is %s, and nobody has it with all its nights", x.node.id, key, is)
		}
	}
	return nil
}

// close repeats the open calls with their keys, after which it is known what became of them: they
// were granted, or are now, or somebody is in their way.
func (x *census) close() error {
	for _, call := range x.open {
		a := x.repeat(call)
		switch a.status {
		case http.StatusCreated:
		case http.StatusConflict:
			continue
		default:
			return fmt.Errorf("repeating with its key was answered %d %s: %v", a.status, a.body, call)
		}
		s, err := call.granted(a)
		if err != nil {
			return fmt.Errorf("%w in the answer to the repeated %v", err, call)
		}
		s.status = "held"
		if !slices.ContainsFunc(x.stakes, func(o *stake) bool { return o.hold == s.hold }) {
			x.stakes = append(x.stakes, s)
		}
	}
	x.open = nil
	return nil
}

// repeat sends a call again until there is an answer: a bundle that was begun and left may be
// given up just now.
func (x *census) repeat(call *clusterCall) (a killAnswer) {
	x.c.t.Helper()
	x.c.eventually(patience, func() (err error) {
		a, err = (&killAPI{base: x.node.api, client: x.c.client}).do(call.write)
		if v, _ := judged(a, err); v == notApplied || v == unknown {
			return fmt.Errorf("repeating with its key: %v, %d %s: %v", err, a.status, a.body, call)
		}
		return nil
	})
	return a
}
