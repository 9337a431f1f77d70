package transport

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/usherhq/usher/engine"
)

const (
	maxSeconds = 3600 // of a hold
	// maxExact is the largest integer that is exact in every JSON reader.
	maxExact = 1<<53 - 1

	maxPerHolder = 1000
	maxRoom      = 10_000_000 // shoppers, of a waiting room
	maxSession   = 86_400     // seconds
	maxFirstUse  = 300        // seconds
)

// createEvent answers 201 with the event.
func (s *Server) createEvent(w http.ResponseWriter, r *http.Request) error {
	body, key, err := readCall(w, r)
	if err != nil {
		return err
	}
	spec := readSpec(body)
	if err := body.done(); err != nil {
		return err
	}
	spec.IdempotencyKey = key
	event, err := s.engine.CreateEvent(r.Context(), spec)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/events/"+url.PathEscape(event.EventID))
	return writeJSON(w, http.StatusCreated, utcEvent(event))
}

func readSpec(body *fields) engine.EventSpec {
	spec := engine.EventSpec{
		VenueID:     body.text("venue_id"),
		EventDate:   body.text("event_date"),
		ShowTime:    body.optionalText("show_time"),
		Timezone:    body.optionalText("timezone"),
		ChartID:     body.text("chart_id"),
		Name:        body.words("name"),
		Series:      body.optionalText("series"),
		OnsaleAt:    body.optionalTime("onsale_at"),
		HoldSeconds: int(body.optionalWhole("hold_seconds", 1, maxSeconds)),
		Strategy:    choice(body, "strategy", modes...),
		Orphans:     choice(body, "orphans", orphanPolicies...),
	}
	if body.has("prices") {
		spec.Prices = readPrices(body.object("prices"))
	}
	if body.has("limits") {
		spec.Limits = readLimits(body.object("limits"))
	}
	if body.has("waiting_room") {
		spec.WaitingRoom = readRoom(body.object("waiting_room"))
	}
	return spec
}

func readLimits(body *fields) *engine.Limits {
	limits := &engine.Limits{PerHolder: int(body.whole("per_holder", 1, maxPerHolder))}
	_ = body.done() // noted in the body too, as below
	return limits
}

func readRoom(body *fields) *engine.WaitingRoom {
	room := &engine.WaitingRoom{
		MaxActive:       int(body.whole("max_active", 1, maxRoom)),
		NewPerMinute:    int(body.whole("new_per_minute", 1, maxRoom)),
		SessionSeconds:  int(body.optionalWhole("session_seconds", 1, maxSession)),
		FirstUseSeconds: int(body.optionalWhole("first_use_seconds", 1, maxFirstUse)),
		Pace:            choice(body, "pace", "fixed", "auto"),
		Scope:           choice(body, "scope", "event", "series"),
	}
	if body.has("lobby") {
		lobby := body.flag("lobby", true)
		room.Lobby = &lobby
	}
	if body.has("tiers") {
		room.Tiers = readTiers(body.object("tiers"))
	}
	if body.has("return_urls") {
		room.ReturnURLs = body.texts("return_urls")
	}
	_ = body.done()
	return room
}

// readTiers reads ratios such as "3:1", which the engine judges.
func readTiers(body *fields) map[string]string {
	tiers := map[string]string{}
	for _, m := range body.members {
		tiers[m.name] = body.text(m.name)
	}
	return tiers
}

func readPrices(body *fields) map[string]engine.Money {
	prices := map[string]engine.Money{}
	for _, m := range body.members {
		price := body.object(m.name)
		prices[m.name] = engine.Money{
			Amount:   price.whole("amount", 0, maxExact),
			Currency: price.text("currency"),
		}
		_ = price.done() // noted in body too, which is asked at the end
	}
	return prices
}

// getEvent answers with the event as it stands.
func (s *Server) getEvent(w http.ResponseWriter, r *http.Request) error {
	ctx, err := readLevel(r.Context(), readQuery(r))
	if err != nil {
		return err
	}
	event, err := s.engine.Event(ctx, r.PathValue("event_id"))
	if err != nil {
		return err
	}
	stale, err := s.engine.Stale(r.Context(), event.EventID)
	if err != nil {
		return err
	}
	event.Stale = stale > 0
	writeStale(w.Header(), stale)
	return writeJSON(w, http.StatusOK, utcEvent(event))
}

// listEvents answers with a page of events, by date.
func (s *Server) listEvents(w http.ResponseWriter, r *http.Request) error {
	q := readQuery(r)
	filter := engine.EventFilter{
		Series:  q.text("series"),
		VenueID: q.text("venue_id"),
		From:    q.text("from"),
		To:      q.text("to"),
		Query:   q.text("q"),
		Limit:   int(q.whole("limit", 1, 1000)),
		After:   q.text("after"),
	}
	ctx, err := readLevel(r.Context(), q)
	if err != nil {
		return err
	}
	page, err := s.engine.Events(ctx, filter)
	if err != nil {
		return err
	}
	items := make([]engine.Event, len(page.Items)) // never null in JSON
	for i, event := range page.Items {
		items[i] = utcEvent(event)
	}
	page.Items = items
	return writeJSON(w, http.StatusOK, page)
}

func utcEvent(e engine.Event) engine.Event {
	e.StartsAt, e.CreatedAt = e.StartsAt.UTC(), e.CreatedAt.UTC()
	if e.OnsaleAt != nil {
		t := e.OnsaleAt.UTC()
		e.OnsaleAt = &t
	}
	return e
}

func itoa(n uint64) string { return strconv.FormatUint(n, 10) }
