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

// entrantsAtOnce is how many are read while the room is locked.
const entrantsAtOnce = 4096

type drawnEntrant struct {
	id    [16]byte
	lane  uint8
	place uint32
}

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
	batch := make([]drawnEntrant, 0, entrantsAtOnce)
	for next, left := uint32(1), d.Entrants; left > 0; left -= len(batch) {
		if err := ctx.Err(); err != nil {
			return err
		}
		batch = batch[:0]
		if next, err = room.drawn(next, min(left, entrantsAtOnce), &batch); err != nil {
			return err
		}
		if len(batch) == 0 && next == 0 {
			break
		}
		for _, x := range batch {
			if err := out.Write([]string{hex.EncodeToString(x.id[:]), room.tier(x.lane), strconv.Itoa(int(x.place))}); err != nil {
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

// drawn reads tickets from a number on, at most entrantsAtOnce of them, and appends those with a
// place, at most limit. Who left the lobby before the draw has none; who came after it has a
// higher number than all who were in it. It returns the next number, 0 after the last.
func (r *roomRef) drawn(from uint32, limit int, out *[]drawnEntrant) (next uint32, err error) {
	err = r.view(func(room *waitroom.Room, _ int64) {
		for next = from; next < from+entrantsAtOnce && len(*out) < limit; next++ {
			t, ok := room.Ticket(next)
			if !ok {
				next = 0
				return
			}
			if t.Place > 0 {
				*out = append(*out, drawnEntrant{t.Entrant, t.Lane, t.Place})
			}
		}
	})
	return next, err
}
