package engine

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/waitroom"
)

// Room is a waiting room's figures, for operators.
// InLobby + Waiting + Admitted + InShop + Over == Joined.
type Room struct {
	RoomID string     `json:"room_id"` // event/… or series/…
	Events []string   `json:"events"`  // ids
	State  string     `json:"state"`   // open, paused, closed, draining
	Reason string     `json:"reason,omitempty"`
	Phase  string     `json:"phase"` // before, drawing, line
	Opens  *time.Time `json:"opens_at,omitempty"`

	MaxActive       int    `json:"max_active"`
	NewPerMinute    int    `json:"new_per_minute"`
	Pace            int    `json:"pace"`      // admissions a minute that are tried for now
	PaceMode        string `json:"pace_mode"` // fixed, auto
	SessionSeconds  int    `json:"session_seconds"`
	FirstUseSeconds int    `json:"first_use_seconds"`

	Joined         int `json:"joined"` // tickets given, ever
	InLobby        int `json:"in_lobby"`
	Waiting        int `json:"waiting"`
	Possible       int `json:"possible"` // of waiting: those for whom something is left
	Admitted       int `json:"admitted"` // and have not begun
	InShop         int `json:"in_shop"`
	Over           int `json:"over"`
	AdmittedMinute int `json:"admitted_last_minute"`
	GaveUpMinute   int `json:"gave_up_last_minute"` // who waited and left
	RatePerMinute  int `json:"rate_per_minute"`

	Epoch      string    `json:"epoch"`
	KeyNo      int       `json:"key_no"` // tokens are signed with this one
	Version    uint64    `json:"version"`
	ServerTime time.Time `json:"server_time"`
}

// RoomChange is an operator's word; what is nil stays.
type RoomChange struct {
	MaxActive    *int
	NewPerMinute *int
	Pace         *int    // of a room with pace auto: it goes on from there
	State        *string // open, paused, closed, draining
	Reason       string  // with State: why, for people
	RotateKey    bool    // sign tokens with a new key; those signed with the one before stay good
}

var roomStates = []string{waitroom.Open: "open", waitroom.Paused: "paused", waitroom.Closed: "closed", waitroom.Draining: "draining"}

// RoomKey is one of the keys that sign a room's admission tokens; see docs/API.md.
type RoomKey struct {
	No  int    `json:"no"`
	Key []byte `json:"key"`
}

// Room reads the figures of an event's waiting room. Errors: ErrUnknownEvent, ErrNoWaitingRoom,
// and those of reads.
func (e *Engine) Room(ctx context.Context, eventID string) (Room, error) {
	_, room, err := e.eventRoom(ctx, eventID)
	if err != nil {
		return Room{}, err
	}
	info, now, err := room.info(ctx)
	if err != nil {
		return Room{}, err
	}
	return room.figures(ctx, &info, now)
}

func (r *roomRef) figures(ctx context.Context, info *waitroom.RoomInfo, now int64) (Room, error) {
	out := Room{
		RoomID: r.id, State: roomStates[info.State], Reason: info.Reason, Phase: phaseNames[info.Phase],
		MaxActive: int(info.Config.MaxActive), NewPerMinute: int(info.Config.NewPerMinute), Pace: int(info.Pace), PaceMode: "fixed",
		SessionSeconds: int(info.Config.Session / 1000), FirstUseSeconds: int(info.Config.FirstUse / 1000),
		Joined: int(info.Joined), InLobby: int(info.InLobby), Waiting: int(info.Waiting), Possible: int(info.Possible),
		Admitted: int(info.Admitted), InShop: int(info.InShop), Over: int(info.Over),
		AdmittedMinute: int(info.AdmittedMinute), GaveUpMinute: int(info.GaveUpMinute), RatePerMinute: perMinute(info),
		Epoch: hex.EncodeToString(info.Epoch[:]), KeyNo: int(info.KeyNo), Version: info.Version, ServerTime: unixMilli(now),
	}
	if info.Config.Auto {
		out.PaceMode = "auto"
	}
	if info.Config.OpensAt > 0 {
		at := unixMilli(info.Config.OpensAt)
		out.Opens = &at
	}
	for _, no := range info.Events {
		ref, err := r.e.eventByNo(ctx, r.group, no)
		if err != nil {
			return Room{}, err
		}
		out.Events = append(out.Events, ref.id)
	}
	return out, nil
}

// SetRoom changes what the change names, and returns what came of it. Errors: *InvalidError,
// ErrUnknownEvent, ErrNoWaitingRoom, and those of consensus. With RotateKey it is not to be
// repeated when its outcome is unknown: keys are rotated once more.
func (e *Engine) SetRoom(ctx context.Context, eventID string, c RoomChange) (Room, error) {
	_, room, err := e.eventRoom(ctx, eventID)
	if err != nil {
		return Room{}, err
	}
	info, _, err := room.info(ctx)
	if err != nil {
		return Room{}, err
	}
	set, err := c.command(room.no, &info)
	if err != nil {
		return Room{}, err
	}
	if set.Fields != 0 {
		r := raftfsm.NewRequest()
		r.Cmd.Op, r.Cmd.SetRoom = raftfsm.OpSetRoom, set
		res, err := e.propose(ctx, room.group, r, !c.RotateKey)
		if err == nil {
			err = res.Err
		}
		if err != nil {
			return Room{}, err
		}
		if err := e.follow(ctx, room.group); err != nil {
			return Room{}, applied(err)
		}
	}
	out, err := e.Room(ctx, eventID)
	if set.Fields != 0 {
		err = applied(err)
	}
	return out, err
}

// command checks the change of a room that stands as info tells.
func (c *RoomChange) command(room uint32, info *waitroom.RoomInfo) (*waitroom.Set, error) {
	set := &waitroom.Set{Room: room}
	for _, f := range []struct {
		name string
		v    *int
		most int
		bit  uint8
		to   *uint32
	}{
		{"max_active", c.MaxActive, maxRoom, waitroom.SetMaxActive, &set.MaxActive},
		{"new_per_minute", c.NewPerMinute, maxRoom, waitroom.SetNewPerMinute, &set.NewPerMinute},
		{"pace", c.Pace, maxRoom, waitroom.SetPace, &set.Pace},
	} {
		if f.v == nil {
			continue
		}
		if *f.v < 1 || *f.v > f.most {
			return nil, &InvalidError{f.name, fmt.Sprintf("%d is not between 1 and %d", *f.v, f.most)}
		}
		set.Fields |= f.bit
		*f.to = uint32(*f.v)
	}
	return set, c.checkRest(set, info)
}

func (c *RoomChange) checkRest(set *waitroom.Set, info *waitroom.RoomInfo) error {
	most := info.Config.NewPerMinute
	if c.NewPerMinute != nil {
		most = set.NewPerMinute
	}
	switch {
	case c.Pace != nil && !info.Config.Auto:
		return &InvalidError{"pace", "is of rooms with pace auto; new_per_minute sets that of others"}
	case c.Pace != nil && set.Pace > most:
		return &InvalidError{"pace", fmt.Sprintf("%d is above new_per_minute, which is %d", set.Pace, most)}
	case c.Reason != "" && c.State == nil:
		return &InvalidError{"reason", "goes with state"}
	case !printable(c.Reason, waitroom.MaxReason):
		return &InvalidError{"reason", fmt.Sprintf("has control characters, or more than %d bytes", waitroom.MaxReason)}
	}
	if c.RotateKey {
		set.Fields |= waitroom.SetNewKey
	}
	if c.State == nil {
		return nil
	}
	for s, name := range roomStates {
		if name == *c.State && c.Reason != "" && s != int(waitroom.Paused) && s != int(waitroom.Closed) {
			return &InvalidError{"reason", "is of paused and closed rooms"}
		}
		if name == *c.State {
			set.Fields |= waitroom.SetState
			set.State, set.Reason = waitroom.State(s), c.Reason
			return nil
		}
	}
	return &InvalidError{"state", fmt.Sprintf("%q is not one of %q", *c.State, roomStates)}
}

// RoomKeys are the keys that the room's tokens may be signed with now, the present one first:
// with them a shop verifies tokens by itself. Who has them can admit people.
func (e *Engine) RoomKeys(ctx context.Context, eventID string) ([]RoomKey, error) {
	_, room, err := e.eventRoom(ctx, eventID)
	if err != nil {
		return nil, err
	}
	info, _, err := room.info(ctx)
	if err != nil {
		return nil, err
	}
	var keys []RoomKey
	for no := info.KeyNo; no > 0 && len(keys) < 2; no-- {
		keys = append(keys, RoomKey{No: int(no), Key: room.key(no)})
	}
	return keys, nil
}
