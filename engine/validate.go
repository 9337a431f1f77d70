package engine

import (
	"fmt"
	"time"

	"github.com/usherhq/usher/engine/chart"
	"github.com/usherhq/usher/shard"
)

// Bounds of what requests may carry.
const (
	MaxSeatsPerHold = shard.MaxSeatsPerHold
	MaxKeyLen       = 128
	maxName         = 200
	defaultHold     = 480
	maxReason       = shard.MaxReasonLen
)

func badID(field, v string) error {
	if v == "" {
		return &InvalidError{field, "is required"}
	}
	return &InvalidError{field, fmt.Sprintf("%q is not 1–64 of A-Z a-z 0-9 . _ -", v)}
}

// checkText wants 1–128 printable ASCII characters.
func checkText(field, v string) error {
	if v == "" {
		return &InvalidError{field, "is required"}
	}
	return checkOptionalText(field, v)
}

func checkOptionalText(field, v string) error {
	if len(v) > MaxKeyLen {
		return &InvalidError{field, fmt.Sprintf("has %d characters, at most %d are allowed", len(v), MaxKeyLen)}
	}
	for i := range len(v) {
		if v[i] < ' ' || v[i] > '~' {
			return &InvalidError{field, fmt.Sprintf("has a character that is not printable ASCII at position %d", i+1)}
		}
	}
	return nil
}

func checkTTL(field string, d time.Duration) error {
	if d < time.Second || d > time.Hour || d%time.Millisecond != 0 {
		return &InvalidError{field, fmt.Sprintf("%v is not between 1 second and 1 hour in whole milliseconds", d)}
	}
	return nil
}

// parseDate reads YYYY-MM-DD of a day that exists.
func parseDate(field, v string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, v)
	if err != nil || len(v) != len(time.DateOnly) {
		if v == "" {
			return t, &InvalidError{field, "is required"}
		}
		return t, &InvalidError{field, fmt.Sprintf("%q is not a real date as YYYY-MM-DD", v)}
	}
	return t, nil
}

// startsAt is when the event starts, in UTC; a wall time that the zone skips does not
// exist.
func (s *EventSpec) startsAt() (time.Time, error) {
	day, err := parseDate("event_date", s.EventDate)
	if err != nil {
		return day, err
	}
	zone, err := time.LoadLocation(s.Timezone)
	if err != nil || s.Timezone == "Local" {
		return day, &InvalidError{"timezone", fmt.Sprintf("%q is not an IANA time zone", s.Timezone)}
	}
	var clock time.Time
	if s.ShowTime != "" {
		if clock, err = time.Parse("15:04", s.ShowTime); err != nil || len(s.ShowTime) != 5 {
			return day, &InvalidError{"show_time", fmt.Sprintf("%q is not a real time as HH:MM", s.ShowTime)}
		}
	}
	t := time.Date(day.Year(), day.Month(), day.Day(), clock.Hour(), clock.Minute(), 0, 0, zone)
	if s.ShowTime != "" && t.Format("15:04") != s.ShowTime {
		return t, &InvalidError{"show_time", fmt.Sprintf("%s does not exist on %s in %s: clocks go forward", s.ShowTime, s.EventDate, s.Timezone)}
	}
	if y := t.UTC().Year(); y < 1 || y > 9999 {
		return t, &InvalidError{"event_date", fmt.Sprintf("%s is not between the years 1 and 9999, in UTC", s.EventDate)}
	}
	return t.UTC(), nil
}

// eventID is venue_id:event_date[:show_time].
func (s *EventSpec) eventID() string {
	id := s.VenueID + ":" + s.EventDate
	if s.ShowTime != "" {
		id += ":" + s.ShowTime
	}
	return id
}

// normalize fills in defaults and refuses what is out of range.
func (s *EventSpec) normalize() (settings, error) {
	if s.Timezone == "" {
		s.Timezone = "UTC"
	}
	if s.HoldSeconds == 0 {
		s.HoldSeconds = defaultHold
	}
	if s.Strategy == "" {
		s.Strategy = ModeDirect
	}
	if s.OnsaleAt != nil {
		t := s.OnsaleAt.UTC().Truncate(time.Millisecond)
		s.OnsaleAt = &t
	}
	for _, f := range []struct{ name, v string }{{"venue_id", s.VenueID}, {"chart_id", s.ChartID}, {"series", s.Series}} {
		if !chart.IsID(f.v) && !(f.name == "series" && f.v == "") {
			return settings{}, badID(f.name, f.v)
		}
	}
	starts, err := s.startsAt()
	if err != nil {
		return settings{}, err
	}
	switch {
	case s.HoldSeconds < 1 || s.HoldSeconds > 3600:
		err = &InvalidError{"hold_seconds", fmt.Sprintf("%d is not between 1 and 3600", s.HoldSeconds)}
	case !s.Strategy.known():
		err = &InvalidError{"strategy", fmt.Sprintf("%q is not one of %s", s.Strategy, modeNames)}
	case s.OnsaleAt != nil && (s.OnsaleAt.Year() < 1970 || s.OnsaleAt.Year() > 9999):
		err = &InvalidError{"onsale_at", "is not between the years 1970 and 9999"}
	case !printable(s.Name, maxName):
		err = &InvalidError{"name", fmt.Sprintf("has control characters, or more than %d bytes", maxName)}
	default:
		err = checkOptionalText("Idempotency-Key", s.IdempotencyKey)
	}
	if err == nil {
		err = s.checkRules()
	}
	return settings{EventSpec: *s, StartsAt: starts}, err
}

// checkPrices wants prices of categories the chart has, in one currency.
func (s *EventSpec) checkPrices(c *chart.Chart) error {
	known := make(map[string]bool)
	for _, cat := range c.Categories {
		known[cat.Name] = true
	}
	currency := ""
	for _, name := range sortedKeys(s.Prices) {
		m := s.Prices[name]
		field := "prices." + name
		switch {
		case !known[name]:
			return &InvalidError{field, "the chart has no such category"}
		case m.Amount < 0 || m.Amount > 1e12:
			return &InvalidError{field + ".amount", fmt.Sprintf("%d is not between 0 and 10^12 minor units", m.Amount)}
		case !isCurrency(m.Currency):
			return &InvalidError{field + ".currency", fmt.Sprintf("%q is not three capital letters", m.Currency)}
		case currency != "" && m.Currency != currency:
			return &InvalidError{field + ".currency", fmt.Sprintf("%s, another price is in %s: an event has one currency", m.Currency, currency)}
		}
		currency = m.Currency
	}
	return nil
}
