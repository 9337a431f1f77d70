package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/usherhq/usher/engine"
)

// eventCreateCmd is POST /v1/events.
type eventCreateCmd struct {
	VenueID     string   `required:"" placeholder:"ID" help:"The venue, e.g. wembley."`
	EventDate   string   `required:"" placeholder:"YYYY-MM-DD" help:"The date at the venue."`
	ShowTime    string   `placeholder:"HH:MM" help:"The time, where a venue has several shows a day."`
	Timezone    string   `placeholder:"ZONE" help:"IANA name of the venue's time zone (UTC)."`
	ChartID     string   `required:"" placeholder:"ID" help:"The seat map, stored before."`
	Name        string   `help:"What people call it."`
	Series      string   `placeholder:"ID" help:"Ties events together, e.g. a residency's nights."`
	OnsaleAt    string   `placeholder:"TIME" help:"When sales begin, e.g. 2026-12-01T10:00:00Z; at once if absent."`
	HoldSeconds int      `placeholder:"N" help:"How long a hold lasts, 1 to 3600 (480)."`
	Price       []string `placeholder:"CATEGORY=AMOUNT" help:"Price of a category in minor units, e.g. premium=12000EUR for 120 euros; repeatable. A category without one is free."`
	Strategy    string   `placeholder:"NAME" help:"Allocation pattern of claims that name none: direct, skip_locked, optimistic, lease, queue or auto (direct)."`
	Orphans     string   `placeholder:"POLICY" help:"Whether claims may leave single seats over: allow, avoid or forbid (allow)."`
	PerHolder   int      `placeholder:"N" help:"The most seats and places a holder may have, 1 to 1000; any number if absent."`
	WaitingRoom string   `placeholder:"MAX,PER-MINUTE" help:"Holders have to be admitted: at most MAX at once, PER-MINUTE new ones a minute, e.g. 5000,1200."`
	roomFlags   `embed:"" prefix:"room-"`
	JSON        bool `name:"json" help:"Report as one line of JSON."`
	serverFlag
}

// Run creates the event.
func (c *eventCreateCmd) Run(ctx context.Context, t *term) error {
	server, err := c.api()
	if err != nil {
		return err
	}
	spec, err := c.spec()
	if err != nil {
		return err
	}
	body, err := json.Marshal(spec)
	if err != nil {
		return err
	}
	_, raw, err := server.call(ctx, http.MethodPost, "/v1/events", "application/json", bytes.NewReader(body), int64(len(body)))
	if err != nil {
		return err
	}
	return c.report(t, server, raw)
}

// spec is the request; what the server can judge is left to it.
func (c *eventCreateCmd) spec() (*engine.EventSpec, error) {
	spec := &engine.EventSpec{
		VenueID: c.VenueID, EventDate: c.EventDate, ShowTime: c.ShowTime, Timezone: c.Timezone, ChartID: c.ChartID,
		Name: c.Name, Series: c.Series, HoldSeconds: c.HoldSeconds, Strategy: engine.Mode(c.Strategy),
	}
	if c.OnsaleAt != "" {
		at, err := time.Parse(time.RFC3339, c.OnsaleAt)
		if err != nil {
			return nil, fmt.Errorf("--onsale-at %q is no time such as 2026-12-01T10:00:00Z", c.OnsaleAt)
		}
		spec.OnsaleAt = &at
	}
	spec.Orphans = engine.Orphans(c.Orphans)
	if c.PerHolder != 0 {
		spec.Limits = &engine.Limits{PerHolder: c.PerHolder}
	}
	if c.WaitingRoom != "" {
		room, err := parseRoom(c.WaitingRoom)
		if err != nil {
			return nil, err
		}
		spec.WaitingRoom = room
	}
	if err := c.roomFlags.fill(spec.WaitingRoom); err != nil {
		return nil, err
	}
	for _, text := range c.Price {
		category, price, err := parsePrice(text)
		if err != nil {
			return nil, err
		}
		if _, twice := spec.Prices[category]; twice {
			return nil, fmt.Errorf("--price: category %q twice", category)
		}
		if spec.Prices == nil {
			spec.Prices = map[string]engine.Money{}
		}
		spec.Prices[category] = price
	}
	return spec, nil
}

var amount = regexp.MustCompile(`^([0-9]{1,16})([A-Z]{3})$`)

// parsePrice reads CATEGORY=AMOUNT, e.g. premium=12000EUR. The last = counts: a
// category's name may have one.
func parsePrice(text string) (string, engine.Money, error) {
	i := strings.LastIndexByte(text, '=')
	m := amount.FindStringSubmatch(text[i+1:])
	if i < 1 || m == nil {
		return "", engine.Money{}, fmt.Errorf("--price %q: want CATEGORY=AMOUNT, e.g. premium=12000EUR for 120 euros", text)
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	return text[:i], engine.Money{Amount: n, Currency: m[2]}, err
}

func (c *eventCreateCmd) report(t *term, server *api, raw json.RawMessage) error {
	if c.JSON {
		return t.rawJSON(raw)
	}
	var e engine.Event
	if err := json.Unmarshal(raw, &e); err != nil {
		return fmt.Errorf("the server's answer: %w", err)
	}
	sale := "on sale now"
	if e.OnsaleAt != nil && e.OnsaleAt.After(time.Now()) {
		sale = "on sale from " + e.OnsaleAt.UTC().Format(time.RFC3339)
	}
	t.printf("event %s created: %d seats, starts %s, %s\n", e.EventID, e.Seats.Total, e.StartsAt.UTC().Format(time.RFC3339), sale)
	t.printf("%s/v1/events/%s\n", server.base, e.EventID)
	return nil
}
