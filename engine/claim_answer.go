package engine

import (
	"context"
	"errors"
	"slices"

	"github.com/usherhq/usher/shard"
)

// refOf finds the item's event by its number in a group.
func (c *claim) refOf(group int, no uint32) (*eventRef, int) {
	for i, ref := range c.refs {
		if ref.group == group && ref.no == no {
			return ref, i
		}
	}
	return c.refs[0], 0
}

// refusal names things, and what was suggested.
func (c *claim) refusal(res *shard.Result) error {
	ref, i := c.refOf(c.refs[0].group, res.Event)
	return c.refusalOf(ref, i, res)
}

func (c *claim) refusalOf(ref *eventRef, i int, res *shard.Result) error {
	err := ref.refusal(res, nil)
	var taken *SeatsUnavailableError
	if errors.As(err, &taken) && len(res.Granted) > 0 {
		taken.Suggested = ref.substituted(c.items[i].Seats, res.Granted[0].Seats)
	}
	return err
}

// granted makes the answer of a claim that was granted in one group.
func (c *claim) granted(ctx context.Context, res *shard.Result) (Hold, error) {
	if res.Replayed {
		ref := c.refs[0]
		if c.req.AnyOf && int(res.Count) < len(c.refs) {
			ref = c.refs[res.Count]
		}
		return c.again(ctx, ref, res)
	}
	home := res.Granted[0]
	ref, i := c.refOf(c.refs[0].group, home.Event)
	h := ref.held(res, c.req.HolderID, c.mode)
	h.Version = home.Version
	h.SeatIDs, h.Areas = ref.places(home.Seats)
	h.Substituted = c.substituted(ref, i, home.Seats)
	if len(c.refs) == 1 || c.req.AnyOf {
		return h, nil
	}
	for _, g := range res.Granted {
		ref, i := c.refOf(c.refs[0].group, g.Event)
		h.Items = append(h.Items, c.item(ref, i, &g))
	}
	return h, nil
}

func (c *claim) item(ref *eventRef, i int, g *shard.Granted) HoldItem {
	it := HoldItem{EventID: ref.id, FencingToken: g.Token, Version: g.Version, Substituted: c.substituted(ref, i, g.Seats)}
	it.SeatIDs, it.Areas = ref.places(g.Seats)
	return it
}

// again is the answer to a claim that was granted before.
func (c *claim) again(ctx context.Context, ref *eventRef, res *shard.Result) (Hold, error) {
	h, seats, err := c.e.readBack(ctx, ref, res.Number)
	if err != nil {
		return Hold{}, applied(err)
	}
	h.asLeftBy(res)
	_, i := c.refOf(ref.group, ref.no)
	h.Substituted = c.substituted(ref, i, seats)
	return h, nil
}

func (c *claim) substituted(ref *eventRef, i int, got []uint32) []Substitution {
	if c.items[i].Fan != shard.FanSubstitute {
		return nil
	}
	return ref.substituted(c.items[i].Seats, got)
}

// substituted pairs the wanted seats that are not among those got with those got that
// were not wanted, both in chart order.
func (ref *eventRef) substituted(wanted, got []uint32) (out []Substitution) {
	gone, others := without(wanted, got), without(got, wanted)
	for i := range min(len(gone), len(others)) {
		out = append(out, Substitution{Wanted: ref.chart.ID(gone[i]), Got: ref.chart.ID(others[i])})
	}
	return out
}

// without are the seats of a that are not in b.
func without(a, b []uint32) (out []uint32) {
	for _, x := range a {
		_, among := slices.BinarySearch(b, x)
		if _, _, area := shard.SplitCode(x); !among && !area {
			out = append(out, x)
		}
	}
	return out
}
