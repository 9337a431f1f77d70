package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/usherhq/usher/shard"
	"github.com/usherhq/usher/waitroom"
)

// listNights are the events of a ticket, as indexes of the room's: those with an order first,
// then the others in the room's.
func listNights(n waitroom.Nights, events int) []int {
	out := n.Preferred()
	for night := range events {
		if (n.Set() == 0 || n.Set()>>night&1 == 1) && !slices.Contains(out, night) {
			out = append(out, night)
		}
	}
	return out
}

// nights resolves the events that somebody wants.
func (r *eventRoom) nights(ctx context.Context, ids []string, path string) (waitroom.Nights, error) {
	if len(ids) == 0 {
		return 0, nil
	}
	if len(ids) > waitroom.MaxNights {
		return 0, &InvalidError{path + "nights", fmt.Sprintf("%d events, at most %d are possible", len(ids), waitroom.MaxNights)}
	}
	wanted := make([]int, 0, len(ids))
	for i, id := range ids {
		field := fmt.Sprintf("%snights[%d]", path, i)
		ref, err := r.e.event(ctx, id)
		if err != nil {
			return 0, err
		}
		if ref.settings.WaitingRoom == nil {
			return 0, &InvalidError{field, fmt.Sprintf("%s has no waiting room", id)}
		}
		other, err := r.e.roomOf(ctx, ref)
		switch {
		case err != nil:
			return 0, err
		case other.roomRef != r.roomRef:
			return 0, &InvalidError{field, fmt.Sprintf("%s has another waiting room", id)}
		case slices.Contains(wanted, other.night):
			return 0, &InvalidError{field, fmt.Sprintf("%s twice", id)}
		}
		wanted = append(wanted, other.night)
	}
	n, ok := waitroom.Prefer(wanted...)
	if !ok {
		return 0, fmt.Errorf("%w: events %v of a waiting room", ErrDamaged, wanted)
	}
	return n, nil
}

// wanted names the events of a ticket in order of preference, and the first of them that has
// something left, else the first.
func (r *roomRef) wanted(ctx context.Context, info *waitroom.RoomInfo, n waitroom.Nights) (first string, ids []string, err error) {
	list := listNights(n, len(info.Events))
	open := -1
	if len(list) > 1 {
		err = r.e.reader(r.group).View(func(s *shard.State) {
			open = slices.IndexFunc(list, func(i int) bool {
				ev := s.Event(info.Events[i])
				return ev != nil && ev.Left()
			})
		})
		if err != nil {
			return "", nil, err
		}
	}
	for _, i := range list {
		ref, err := r.e.eventByNo(ctx, r.group, info.Events[i])
		if err != nil {
			return "", nil, err
		}
		ids = append(ids, ref.id)
	}
	if len(ids) == 0 {
		return "", nil, fmt.Errorf("%w: waiting room %s has no events", ErrDamaged, r.id)
	}
	return ids[max(open, 0)], ids, nil
}
