package engine

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/usherhq/usher/waitroom"
)

// What a waiting room is of.
const (
	ScopeEvent  = "event"
	ScopeSeries = "series"
)

// fill writes the room with its defaults into out, or says which field is wrong.
func (w WaitingRoom) fill(series string, out *WaitingRoom) error {
	w.defaults(series)
	for _, check := range []func() error{w.checkNumbers, func() error { return w.checkScope(series) }, w.checkTiers, w.checkReturnURLs} {
		if err := check(); err != nil {
			return err
		}
	}
	*out = w
	return nil
}

func (w *WaitingRoom) defaults(series string) {
	if w.SessionSeconds == 0 {
		w.SessionSeconds = defaultSession
	}
	if w.FirstUseSeconds == 0 {
		w.FirstUseSeconds = defaultFirstUse
	}
	if w.Pace == "" {
		w.Pace = "fixed"
	}
	if w.Lobby == nil {
		yes := true
		w.Lobby = &yes
	}
	if w.Scope == "" {
		w.Scope = ScopeEvent
		if series != "" {
			w.Scope = ScopeSeries
		}
	}
}

func (w *WaitingRoom) checkNumbers() error {
	for _, f := range []struct {
		name       string
		v, min, at int
	}{
		{"max_active", w.MaxActive, 1, maxRoom}, {"new_per_minute", w.NewPerMinute, 1, maxRoom},
		{"session_seconds", w.SessionSeconds, 1, 86_400}, {"first_use_seconds", w.FirstUseSeconds, 1, 300},
	} {
		if f.v < f.min || f.v > f.at {
			return &InvalidError{"waiting_room." + f.name, fmt.Sprintf("%d is not between %d and %d", f.v, f.min, f.at)}
		}
	}
	if w.Pace != "fixed" && w.Pace != "auto" {
		return &InvalidError{"waiting_room.pace", fmt.Sprintf("%q is neither fixed nor auto", w.Pace)}
	}
	return nil
}

func (w *WaitingRoom) checkScope(series string) error {
	switch {
	case w.Scope != ScopeEvent && w.Scope != ScopeSeries:
		return &InvalidError{"waiting_room.scope", fmt.Sprintf("%q is neither event nor series", w.Scope)}
	case w.Scope == ScopeSeries && series == "":
		return &InvalidError{"waiting_room.scope", "is series, and the event is of none"}
	}
	return nil
}

func (w *WaitingRoom) checkTiers() error {
	if len(w.Tiers) > waitroom.MaxTiers {
		return &InvalidError{"waiting_room.tiers", fmt.Sprintf("%d tiers, at most %d are possible", len(w.Tiers), waitroom.MaxTiers)}
	}
	for _, name := range sortedKeys(w.Tiers) {
		if _, _, ok := parseRatio(w.Tiers[name]); !ok || checkText("tier", name) != nil {
			return &InvalidError{"waiting_room.tiers." + name, fmt.Sprintf("%q is not a ratio such as \"3:1\"", w.Tiers[name])}
		}
	}
	return nil
}

// parseRatio reads how many general admissions there are for how many of the tier: "3:1".
func parseRatio(s string) (general, lane uint16, ok bool) {
	a, b, ok := strings.Cut(s, ":")
	var n [2]uint16
	for i, part := range []string{a, b} {
		v, err := strconv.Atoi(part)
		if !ok || err != nil || v < 1 || v > waitroom.MaxRatio || part != strconv.Itoa(v) {
			return 0, 0, false
		}
		n[i] = uint16(v)
	}
	return n[0], n[1], true
}

// config is the room as the log knows it, but for when it opens. The tiers' lanes are in the
// order of their names.
func (w *WaitingRoom) config() waitroom.Config {
	c := waitroom.Config{
		MaxActive: uint32(w.MaxActive), NewPerMinute: uint32(w.NewPerMinute),
		FirstUse: int64(w.FirstUseSeconds) * 1000, Session: int64(w.SessionSeconds) * 1000,
		Lobby: w.Lobby == nil || *w.Lobby, Auto: w.Pace == "auto",
	}
	for _, name := range sortedKeys(w.Tiers) {
		general, lane, _ := parseRatio(w.Tiers[name]) // checked when the event was made
		c.Tiers = append(c.Tiers, waitroom.Tier{Name: name, General: general, Lane: lane})
	}
	return c
}
