package engine

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/waitroom"
)

// roomsVersion is the cluster version that knows waiting rooms.
const roomsVersion = 3

// readsRooms is nil when all nodes read what waiting rooms write, else ErrNoWaitingRoom.
func (e *Engine) readsRooms(ctx context.Context) error {
	if e.whole() {
		return nil
	}
	look := func() (version uint32, err error) {
		err = e.reader(0).ViewDirectory(func(d *raftfsm.Directory) { version = d.ClusterVersion() })
		return version, err
	}
	version, err := look()
	if err == nil && version < roomsVersion {
		// A replica that is behind must not say so by itself.
		if err = e.catchUp(ctx, 0, false); err == nil {
			version, err = look()
		}
	}
	if err == nil && version < roomsVersion {
		err = fmt.Errorf("%w: the cluster's version is %d, waiting rooms need %d: there are nodes of an earlier program", ErrNoWaitingRoom, version, roomsVersion)
	}
	return err
}

// awaitRooms gives the nodes of a cluster that has just come about a moment to say what they know.
func (e *Engine) awaitRooms(ctx context.Context) error {
	for end := time.Now().Add(electionWait); ; {
		err := e.readsRooms(ctx)
		if !errors.Is(err, ErrNoWaitingRoom) {
			return err
		}
		if time.Now().After(end) || !e.pause(ctx) {
			return fmt.Errorf("%w: not all nodes of the cluster have said that they know waiting rooms", ErrStarting)
		}
	}
}

// openRoom makes the event's room, or adds the event to its series'. Done again it changes
// nothing, whatever the random parts are.
func (e *Engine) openRoom(ctx context.Context, group int, event uint32, id string, s *settings) error {
	if err := e.readsRooms(ctx); err != nil {
		return err
	}
	c := &waitroom.OpenRoom{ID: "event/" + id, Event: event, Config: s.WaitingRoom.config()}
	if s.WaitingRoom.Scope == ScopeSeries {
		c.ID = "series/" + s.Series
	}
	if s.OnsaleAt != nil {
		c.Config.OpensAt = max(s.OnsaleAt.UnixMilli(), 0)
	}
	for _, b := range [][]byte{c.Secret[:], c.Seed[:], c.Epoch[:]} {
		if _, err := rand.Read(b); err != nil {
			return err
		}
	}
	r := raftfsm.NewRequest()
	r.Cmd.Op, r.Cmd.OpenRoom = raftfsm.OpOpenRoom, c
	res, err := e.propose(ctx, group, r, true)
	if err == nil {
		err = res.Err
	}
	if err != nil {
		return fmt.Errorf("usher: opening the waiting room %s in group %d: %w", c.ID, group, err)
	}
	return nil
}

// checkRoom judges a new event's waiting room beside those that there are: the events of a
// series share one, so they have to ask for the same. Of two that are created at the same
// moment the first one's holds.
func (e *Engine) checkRoom(ctx context.Context, set *settings) error {
	if set.WaitingRoom == nil {
		return nil
	}
	if err := e.awaitRooms(ctx); err != nil {
		return err
	}
	if set.WaitingRoom.Scope != ScopeSeries {
		return nil
	}
	if err := e.follow(ctx, 0); err != nil {
		return err
	}
	all, err := e.placements()
	if err != nil {
		return err
	}
	own, err := json.Marshal(set.WaitingRoom)
	if err != nil {
		return err
	}
	nights := 0
	for _, p := range all {
		if p.Series != set.Series || p.Create.ID == set.eventID() {
			continue
		}
		shared, err := sharedRoom(p)
		switch {
		case err != nil:
			return err
		case shared == nil:
			continue
		case !bytes.Equal(shared, own):
			return &InvalidError{"waiting_room", fmt.Sprintf("differs from that of %s: the events of series %s share one", p.Create.ID, set.Series)}
		}
		if nights++; nights >= waitroom.MaxNights {
			return &InvalidError{"waiting_room.scope", fmt.Sprintf("series %s has %d events that share a waiting room, and no more are possible", set.Series, nights)}
		}
	}
	return nil
}

// sharedRoom is what a placed event asked of its series' waiting room, or nil.
func sharedRoom(p *raftfsm.Placement) ([]byte, error) {
	var s settings
	if err := json.Unmarshal(p.Create.Meta, &s); err != nil {
		return nil, fmt.Errorf("%w: settings of event %s: %w", ErrDamaged, p.Create.ID, err)
	}
	if s.WaitingRoom == nil || s.WaitingRoom.Scope != ScopeSeries {
		return nil, nil
	}
	return json.Marshal(s.WaitingRoom)
}

// finishRoom opens the waiting room of an event that is being made.
func (e *Engine) finishRoom(ctx context.Context, p *raftfsm.Placement, event uint32) error {
	var s settings
	if err := json.Unmarshal(p.Create.Meta, &s); err != nil {
		return fmt.Errorf("%w: settings of event %s: %w", ErrDamaged, p.Create.ID, err)
	}
	if s.WaitingRoom == nil {
		return nil
	}
	err := e.openRoom(ctx, int(p.Group), event, p.Create.ID, &s)
	if errors.Is(err, ErrNoWaitingRoom) {
		return nil // it was placed by an earlier version; roomOf opens it in time
	}
	return err
}
