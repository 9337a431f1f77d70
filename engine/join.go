package engine

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/usherhq/usher/waitroom"
)

// JoinRequest asks for a place in the waiting room of an event, or of its series.
type JoinRequest struct {
	EventID  string
	HolderID string // 1–128 printable ASCII characters
	// Tier is one of the room's; empty: none. Until there are roles the caller is trusted with it.
	Tier string
	// Nights are the wanted events of the room in order of preference, each once; the order
	// of the first four is kept. Empty: all.
	Nights []string
}

// Join gives the holder a place in the event's waiting room, or the one it has. Joins of many
// callers travel together. Repeating it changes nothing. Errors: *InvalidError, ErrUnknownEvent,
// ErrNoWaitingRoom, ErrRoomClosed, ErrRoomFull, ErrOverloaded, and those of consensus.
func (e *Engine) Join(ctx context.Context, r JoinRequest) (Place, error) {
	_, room, err := e.eventRoom(ctx, r.EventID)
	if err != nil {
		return Place{}, err
	}
	entrant, err := room.entrant(ctx, &r, "")
	if err != nil {
		return Place{}, err
	}
	got, err := e.crew.join(ctx, room.roomRef, entrant)
	if err == nil && got.Ticket == 0 {
		err = ErrRoomClosed // its tiers and events are what they were when they were looked up
	}
	e.metrics.joined(1, b2i(got.New), err)
	if err != nil {
		return Place{}, err
	}
	if err := e.follow(ctx, room.group); err != nil {
		return Place{}, applied(err)
	}
	p, err := e.placeOf(ctx, room.roomRef, got.Ticket)
	p.New = got.New
	return p, applied(err)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// entrant checks a request and hashes its holder; path is where it stands in a longer one.
func (r *eventRoom) entrant(ctx context.Context, q *JoinRequest, path string) (waitroom.Entrant, error) {
	if err := checkText("holder_id", q.HolderID); err != nil {
		return waitroom.Entrant{}, within(path, err)
	}
	lane := 0
	if q.Tier != "" {
		if lane = slices.Index(r.tiers, q.Tier) + 1; lane == 0 {
			return waitroom.Entrant{}, &InvalidError{path + "tier", fmt.Sprintf("%q is not one of %q", q.Tier, r.tiers)}
		}
	}
	nights, err := r.nights(ctx, q.Nights, path)
	return waitroom.Entrant{ID: r.entrantID(q.HolderID), Lane: uint8(lane), Nights: nights}, err
}

// within says where in the request an error is.
func within(path string, err error) error {
	var bad *InvalidError
	if path != "" && errors.As(err, &bad) {
		return &InvalidError{path + bad.Field, bad.Problem}
	}
	return err
}

// entrantID is a holder as the room knows it: the first half of SHA-256 of a key of 32 bytes
// and the holder. Half of the digest is not shown, so nobody can go on from it to a longer
// name: what HMAC is for. It costs a third of that, and a crowd pays it.
func (r *roomRef) entrantID(holder string) (id [16]byte) {
	var buf [32 + MaxKeyLen]byte
	n := copy(buf[:], r.entrants[:])
	n += copy(buf[n:], holder)
	sum := sha256.Sum256(buf[:n])
	copy(id[:], sum[:])
	return id
}
