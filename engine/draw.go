package engine

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/hex"
	"io"
	"strconv"
	"time"

	"github.com/usherhq/usher/waitroom"
)

// Draw is what anybody may know of a room's draw, to make it again: SHA-256(Seed) is Commitment,
// Digest that of the 16 bytes of all entrants in the order of WriteEntrants. All but the
// commitment is there after the draw.
type Draw struct {
	Commitment string     `json:"commitment"` // hex; known from the beginning
	Done       bool       `json:"done"`
	Seed       string     `json:"seed,omitempty"`   // hex
	Digest     string     `json:"digest,omitempty"` // hex
	Entrants   int        `json:"entrants"`
	At         *time.Time `json:"at,omitempty"` // when it began
}

// DrawOf tells of the draw of an event's waiting room. Errors: ErrUnknownEvent,
// ErrNoWaitingRoom, and those of reads.
func (e *Engine) DrawOf(ctx context.Context, eventID string) (Draw, error) {
	_, room, err := e.eventRoom(ctx, eventID)
	if err != nil {
		return Draw{}, err
	}
	if err := e.settle(ctx, room.group); err != nil {
		return Draw{}, err
	}
	var info waitroom.DrawInfo
	if err := room.view(func(r *waitroom.Room, _ int64) { info = r.Draw() }); err != nil {
		return Draw{}, err
	}
	d := Draw{Commitment: hex.EncodeToString(info.Commitment[:]), Done: info.Done}
	if info.Done {
		at := unixMilli(info.At)
		d.Seed, d.Digest, d.Entrants, d.At = hex.EncodeToString(info.Seed[:]), hex.EncodeToString(info.Digest[:]), int(info.Entrants), &at
	}
	return d, nil
}

// entrantsAtOnce is how many tickets are looked at while the room is locked.
const entrantsAtOnce = 4096

// WriteEntrants writes who was in the draw as CSV, with a line of names first: entrant (the hex
// of its 16 bytes), tier, place; in the order of tickets, which is that of the draw's digest.
// Before it is done it fails with ErrDrawNotDone.
func (e *Engine) WriteEntrants(ctx context.Context, eventID string, w io.Writer) error {
	d, err := e.DrawOf(ctx, eventID)
	if err != nil {
		return err
	}
	if !d.Done {
		return ErrDrawNotDone
	}
	_, room, err := e.eventRoom(ctx, eventID)
	if err != nil {
		return err
	}
	buf := bufio.NewWriter(w)
	out := csv.NewWriter(buf)
	if err := out.Write([]string{"entrant", "tier", "place"}); err != nil {
		return err
	}
	batch := make([]waitroom.Listed, 0, entrantsAtOnce)
	for next := uint32(1); next != 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		batch = batch[:0]
		if err := room.view(func(line *waitroom.Room, _ int64) {
			next = line.Entrants(next, entrantsAtOnce, func(x waitroom.Listed) { batch = append(batch, x) })
		}); err != nil {
			return err
		}
		for _, x := range batch {
			if err := out.Write([]string{hex.EncodeToString(x.ID[:]), room.tier(x.Lane), strconv.Itoa(int(x.Place))}); err != nil {
				return err
			}
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return err
	}
	return buf.Flush()
}
