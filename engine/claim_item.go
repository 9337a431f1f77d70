package engine

import (
	"errors"
	"fmt"
	"slices"

	"github.com/usherhq/usher/engine/chart"
	"github.com/usherhq/usher/shard"
)

// itemBuilder resolves what is wanted of one event.
type itemBuilder struct {
	ref     *eventRef
	in      *ItemRequest
	mode    Mode
	routed  bool // the router picked the mode: then nothing asked for contradicts it
	accept  Accept
	orphans shard.Orphans
	path    string // of the item in the request, with the dot
}

func (b *itemBuilder) bad(field, format string, args ...any) error {
	return &InvalidError{b.path + field, fmt.Sprintf(format, args...)}
}

// build returns the item, and how many people it is for.
func (b *itemBuilder) build() (it shard.Item, people int, err error) {
	it = shard.Item{Event: b.ref.no, Orphans: b.orphans}
	if it.Fan, err = b.fan(); err != nil {
		return it, 0, err
	}
	if it.Seats, people, err = b.places(); err != nil {
		return it, 0, err
	}
	if b.in.Best != nil {
		if it.Best, err = b.best(); err != nil {
			return it, 0, err
		}
		people += b.in.Best.Quantity
		it.Fan = shard.FanNone // the best there is has no substitutes
	}
	switch {
	case people == 0:
		return it, 0, b.bad("seat_ids", "is required, or best, or areas")
	case people > MaxSeatsPerHold:
		return it, 0, b.bad("seat_ids", "%d seats and places, at most %d are possible", people, MaxSeatsPerHold)
	}
	if err := b.versions(&it); err != nil {
		return it, 0, err
	}
	if b.in.ChannelKey != "" {
		if err := checkText(b.path+"channel_key", b.in.ChannelKey); err != nil {
			return it, 0, err
		}
		it.Channel = b.ref.channelHash(b.in.ChannelKey)
	}
	return it, people, nil
}

// fan is what may become of seats that are gone: what the caller accepts, else what the
// mode does by itself.
func (b *itemBuilder) fan() (shard.Fan, error) {
	switch b.accept {
	case "", AcceptSubstitute:
		if b.mode == ModeSkipLocked {
			return shard.FanSubstitute, nil
		}
		return shard.FanNone, nil // permitted, and not what this pattern does
	case AcceptExact:
		return shard.FanNone, nil
	case AcceptSuggest:
		return shard.FanSuggest, nil
	}
	return 0, &InvalidError{"accept", fmt.Sprintf("%q is not one of exact, suggest, substitute", b.accept)}
}

// places are seats and areas as the log numbers them.
func (b *itemBuilder) places() (codes []uint32, people int, err error) {
	if b.in.SeatIDs != nil && b.in.Best != nil {
		return nil, 0, b.bad("best", "is instead of seat_ids")
	}
	if len(b.in.SeatIDs) > 0 {
		codes, err = b.ref.resolve(b.in.SeatIDs, MaxSeatsPerHold, newSeats)
		if err != nil {
			return nil, 0, b.at(err)
		}
	}
	people = len(codes)
	areas := make([]uint32, 0, len(b.in.Areas))
	for i, a := range b.in.Areas {
		no, ok := b.ref.chart.FindArea(a.AreaID)
		switch {
		case !ok:
			return nil, 0, fmt.Errorf("%w: %s", ErrUnknownArea, a.AreaID)
		case a.Quantity < 1 || a.Quantity > MaxSeatsPerHold:
			return nil, 0, b.bad(fmt.Sprintf("areas[%d].quantity", i), "%d is not between 1 and %d", a.Quantity, MaxSeatsPerHold)
		}
		areas = append(areas, shard.AreaCode(uint32(no), uint32(a.Quantity)))
		people += a.Quantity
	}
	slices.Sort(areas)
	for i := 1; i < len(areas); i++ {
		before, _, _ := shard.SplitCode(areas[i-1])
		if a, _, _ := shard.SplitCode(areas[i]); a == before {
			return nil, 0, b.bad("areas", "area %s twice", b.ref.chart.Areas()[a].AreaID)
		}
	}
	return append(codes, areas...), people, nil
}

// at says where in the request an error is.
func (b *itemBuilder) at(err error) error {
	var invalid *InvalidError
	if errors.As(err, &invalid) {
		return &InvalidError{b.path + invalid.Field, invalid.Problem}
	}
	return err
}

// versions are what the seats were read at.
func (b *itemBuilder) versions(it *shard.Item) error {
	if b.in.IfVersion != nil {
		it.Since, it.IfSince = *b.in.IfVersion, true
	}
	reads := b.in.Expected != nil || it.IfSince
	switch {
	case b.mode == ModeOptimistic && !b.routed && !reads && b.accept != "" && b.accept != AcceptExact:
		return b.bad("accept", "mode optimistic takes what was read, or nothing")
	case reads && (it.Best != nil || it.Fan == shard.FanSubstitute):
		return b.bad("expected", "what was read is exactly what is taken: not with best, nor with substitutes")
	case b.in.Expected == nil:
		return nil
	}
	it.Versions = make([]uint64, len(it.Seats))
	seats := len(it.Seats) - len(b.in.Areas)
	if len(b.in.Expected) != seats || len(b.in.Areas) > 0 {
		return b.bad("expected", "%d versions of %d seats; areas go with if_version", len(b.in.Expected), seats)
	}
	known := make([]bool, seats)
	for i, x := range b.in.Expected {
		no, ok := b.ref.chart.Find(x.SeatID)
		at, among := slices.BinarySearch(it.Seats, no)
		if !ok || !among || known[at] {
			return b.bad(fmt.Sprintf("expected[%d].seat_id", i), "%q is not one of seat_ids, or is there twice", x.SeatID)
		}
		known[at], it.Versions[at] = true, x.Version
	}
	return nil
}

func (b *itemBuilder) best() (*shard.Best, error) {
	in := b.in.Best
	out := &shard.Best{Apart: in.Apart, AcrossAisle: in.AcrossAisle}
	for _, f := range []struct {
		name     string
		v        int
		min, max int
		to       *uint16
	}{
		{"quantity", in.Quantity, 1, MaxSeatsPerHold, &out.Quantity},
		{"accessible", in.Accessible, 0, in.Quantity, &out.Accessible},
		{"companion", in.Companion, 0, in.Quantity - in.Accessible, &out.Companion},
	} {
		if f.v < f.min || f.v > f.max {
			return nil, b.bad("best."+f.name, "%d is not between %d and %d", f.v, f.min, max(f.min, f.max))
		}
		*f.to = uint16(f.v)
	}
	if in.Apart && in.Quantity > shard.MaxApart {
		return nil, b.bad("best.quantity", "%d: a party that may sit apart has at most %d", in.Quantity, shard.MaxApart)
	}
	c := b.ref.chart.Chart()
	if in.Category != "" {
		i := slices.IndexFunc(c.Categories, func(x chart.Category) bool { return x.Name == in.Category })
		if i < 0 {
			return nil, b.bad("best.category", "the chart has no category %q", in.Category)
		}
		out.Category = uint16(i + 1)
	}
	if in.Section != "" {
		i := slices.IndexFunc(c.Sections, func(x chart.Section) bool { return x.Name == in.Section })
		if i < 0 {
			return nil, b.bad("best.section", "the chart has no section %q", in.Section)
		}
		out.Section = uint16(i + 1)
	}
	return out, b.near(out)
}

func (b *itemBuilder) near(out *shard.Best) error {
	in := b.in.Best
	switch {
	case in.Near != "" && in.NearPoint != nil:
		return b.bad("best.near", "is a seat or a point")
	case in.Near != "":
		no, ok := b.ref.chart.Find(in.Near)
		if !ok {
			return &UnknownSeatError{[]string{in.Near}}
		}
		out.NearSeat = no + 1
	case in.NearPoint != nil:
		out.NearPoint = true
		out.X, out.Y = b.ref.scale.inside(in.NearPoint.X, in.NearPoint.Y)
	}
	return nil
}
