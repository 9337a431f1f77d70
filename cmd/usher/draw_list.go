package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/waitroom"
)

// drawList is who was in a draw, as it was published: a line of names, then entrant, tier and
// place, in the order of the draw's list.
type drawList struct {
	list   []waitroom.Listed // their places as they say
	tiers  []string          // by lane, in the order of their first lines
	places []uint32          // as they say; list gets those that the draw gives
}

var drawColumns = []string{"entrant", "tier", "place"}

// readDrawList reads the CSV of GET /v1/events/{event_id}/room/entrants.
func readDrawList(r io.Reader) (*drawList, error) {
	in := csv.NewReader(r)
	in.ReuseRecord, in.FieldsPerRecord = true, len(drawColumns)
	head, err := in.Read()
	if err != nil || !slices.Equal(head, drawColumns) {
		return nil, fmt.Errorf("line 1 is not %q: this is no list of a draw: %w", drawColumns, orElse(err, errNoDrawList))
	}
	d := &drawList{}
	for {
		fields, err := in.Read()
		if errors.Is(err, io.EOF) {
			return d, nil
		}
		if err == nil {
			err = d.add(fields)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d of the list: %w", len(d.list)+2, err)
		}
	}
}

var errNoDrawList = errors.New("other columns")

func orElse(err, other error) error {
	if err == nil {
		return other
	}
	return err
}

func (d *drawList) add(fields []string) error {
	e := waitroom.Listed{}
	if len(fields[0]) != 2*len(e.ID) {
		return fmt.Errorf("entrant %q is not %d hex digits", fields[0], 2*len(e.ID))
	}
	if _, err := hex.Decode(e.ID[:], []byte(fields[0])); err != nil {
		return fmt.Errorf("entrant %q: %w", fields[0], err)
	}
	lane := slices.Index(d.tiers, fields[1])
	if lane < 0 {
		if lane = len(d.tiers); lane > waitroom.MaxTiers {
			return fmt.Errorf("tier %q is one too many: %d are possible", fields[1], waitroom.MaxTiers)
		}
		d.tiers = append(d.tiers, string([]byte(fields[1]))) // the reader's memory is not kept
	}
	place, err := strconv.ParseUint(fields[2], 10, 32)
	if err != nil {
		return fmt.Errorf("place %q is no number", fields[2])
	}
	e.Lane, e.Place = uint8(lane), uint32(place)
	d.list = append(d.list, e)
	d.places = append(d.places, e.Place)
	return nil
}

// verify makes the draw again; nil: it comes to what was published.
func (d *drawList) verify(draw *engine.Draw) error {
	if !draw.Done {
		return errors.New("the draw has not been done yet")
	}
	var seed, commitment, digest [32]byte
	for _, f := range []struct {
		name, text string
		to         *[32]byte
	}{{"seed", draw.Seed, &seed}, {"commitment", draw.Commitment, &commitment}, {"digest", draw.Digest, &digest}} {
		raw, err := hex.DecodeString(f.text)
		if err != nil || len(raw) != len(f.to) {
			return fmt.Errorf("%s %q is not %d hex digits", f.name, f.text, 2*len(f.to))
		}
		copy(f.to[:], raw)
	}
	switch {
	case sha256.Sum256(seed[:]) != commitment:
		return fmt.Errorf("the seed is not what was committed to: its SHA-256 is %x, the commitment %x", sha256.Sum256(seed[:]), commitment)
	case len(d.list) != draw.Entrants:
		return fmt.Errorf("the list has %d entrants, the draw had %d", len(d.list), draw.Entrants)
	}
	if err := d.distinct(); err != nil {
		return err
	}
	if got := waitroom.Redraw(seed, d.list); got != digest {
		return fmt.Errorf("the list is not what was drawn from: its digest is %x, the draw's %x", got, digest)
	}
	for i := range d.list {
		if got := d.list[i].Place; got != d.places[i] {
			return fmt.Errorf("line %d, entrant %x: the list says place %d, the draw gives %d", i+2, d.list[i].ID, d.places[i], got)
		}
	}
	return nil
}

// distinct wants everybody to be there once: who is there twice has two chances.
func (d *drawList) distinct() error {
	ids := make([][16]byte, len(d.list))
	for i := range d.list {
		ids[i] = d.list[i].ID
	}
	slices.SortFunc(ids, func(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) })
	for i := 1; i < len(ids); i++ {
		if ids[i] == ids[i-1] {
			return fmt.Errorf("entrant %x is in the list twice", ids[i])
		}
	}
	return nil
}

// find is an entrant's line, from 0; -1 if there is none.
func (d *drawList) find(id [16]byte) int {
	return slices.IndexFunc(d.list, func(e waitroom.Listed) bool { return e.ID == id })
}
