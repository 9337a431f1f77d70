package engine

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/usherhq/usher/engine/chart"
	"github.com/usherhq/usher/shard"
)

const (
	defaultPage = 100
	maxPage     = 1000
)

// Event reads an event from a local replica.
func (e *Engine) Event(ctx context.Context, eventID string) (Event, error) {
	ref, err := e.event(ctx, eventID)
	if err != nil {
		return Event{}, err
	}
	if err := e.settle(ctx, ref.group); err != nil {
		return Event{}, err
	}
	return e.describe(ref)
}

// describe reads what changes of an event.
func (e *Engine) describe(ref *eventRef) (Event, error) {
	s := &ref.settings
	ev := Event{
		EventID: ref.id, VenueID: s.VenueID, EventDate: s.EventDate, ShowTime: s.ShowTime, Timezone: s.Timezone,
		StartsAt: s.StartsAt, ChartID: s.ChartID, ChartSHA256: ref.chartSHA, Name: s.Name, Series: s.Series,
		HoldSeconds: s.HoldSeconds, Prices: maps.Clone(s.Prices), Strategy: s.Strategy, Orphans: s.Orphans,
		Limits: s.Limits, WaitingRoom: s.WaitingRoom,
		CreatedAt: unixMilli(ref.created), Epoch: ref.epoch, Stale: e.staleFor(ref.group) > 0,
	}
	if s.OnsaleAt != nil {
		t := *s.OnsaleAt // the caller's, as the prices are: the cache is shared
		ev.OnsaleAt = &t
	}
	err := e.reader(ref.group).View(func(s *shard.State) {
		st := s.Event(ref.no)
		c := st.Counts()
		ev.Version = st.Version()
		ev.Areas = ref.areaCounts(st)
		ev.Seats = SeatCounts{Total: int(st.Seats()), Available: int(c.Available), Held: int(c.Held), Booked: int(c.Booked), Blocked: int(c.Blocked)}
	})
	return ev, err
}

func unixMilli(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// Events lists events by date, then by id.
func (e *Engine) Events(ctx context.Context, f EventFilter) (EventPage, error) {
	refs, more, err := e.selectEvents(ctx, f)
	if err != nil {
		return EventPage{}, err
	}
	page := EventPage{Items: []Event{}}
	settled := make(map[int]bool)
	for _, ref := range refs {
		if !settled[ref.group] {
			if err := e.settle(ctx, ref.group); err != nil {
				return EventPage{}, err
			}
			settled[ref.group] = true
		}
		ev, err := e.describe(ref)
		if err != nil {
			return EventPage{}, err
		}
		page.Items = append(page.Items, ev)
	}
	if more {
		page.Next = base64.RawURLEncoding.EncodeToString([]byte(refs[len(refs)-1].listKey))
	}
	return page, nil
}

// selectEvents returns the page's events in order, and whether there are more behind.
func (e *Engine) selectEvents(ctx context.Context, f EventFilter) (page []*eventRef, more bool, err error) {
	if err := f.check(); err != nil {
		return nil, false, err
	}
	if err := e.Ready(); err != nil {
		return nil, false, err
	}
	if err := e.settle(ctx, 0); err != nil {
		return nil, false, err
	}
	all, err := e.placements()
	if err != nil {
		return nil, false, err
	}
	for _, p := range all {
		ref, err := e.event(ctx, p.Create.ID)
		if err != nil && !p.Active {
			continue // it is still being created, and cannot be completed now
		}
		if err != nil {
			return nil, false, err
		}
		if f.match(ref) {
			page = append(page, ref)
		}
	}
	slices.SortFunc(page, func(a, b *eventRef) int { return strings.Compare(a.listKey, b.listKey) })
	if len(page) > f.Limit {
		return page[:f.Limit], true, nil
	}
	return page, false, nil
}

func (f *EventFilter) check() error {
	if f.Limit == 0 {
		f.Limit = defaultPage
	}
	if f.Limit < 1 || f.Limit > maxPage {
		return &InvalidError{"limit", fmt.Sprintf("%d is not between 1 and %d", f.Limit, maxPage)}
	}
	for _, d := range []struct{ name, v string }{{"from", f.From}, {"to", f.To}} {
		if d.v == "" {
			continue
		}
		if _, err := parseDate(d.name, d.v); err != nil {
			return err
		}
	}
	for _, d := range []struct{ name, v string }{{"series", f.Series}, {"venue_id", f.VenueID}} {
		if d.v != "" && !chart.IsID(d.v) {
			return badID(d.name, d.v)
		}
	}
	if !printable(f.Query, maxName) {
		return &InvalidError{"q", fmt.Sprintf("has control characters, or more than %d bytes", maxName)}
	}
	after, err := base64.RawURLEncoding.DecodeString(f.After)
	if err != nil || f.After != "" && strings.Count(string(after), "!") != 2 {
		return &InvalidError{"after", "is not what a page gave as next"}
	}
	f.After = string(after)
	return nil
}

func (f *EventFilter) match(r *eventRef) bool {
	s := &r.settings
	q := strings.ToLower(f.Query)
	return (f.Series == "" || s.Series == f.Series) &&
		(f.VenueID == "" || s.VenueID == f.VenueID) &&
		(f.From == "" || s.EventDate >= f.From) &&
		(f.To == "" || s.EventDate <= f.To) &&
		(f.After == "" || r.listKey > f.After) &&
		(q == "" || strings.Contains(strings.ToLower(s.Name), q) || strings.Contains(strings.ToLower(r.id), q))
}
