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
		Strategy:    engine.Mode(body.optionalText("strategy")),
	}
	if body.has("prices") {
		spec.Prices = readPrices(body.object("prices"))
	}
	body.unsupported("limits", "waiting_room")
	return spec
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
	if err := noQuery(r); err != nil {
		return err
	}
	event, err := s.engine.Event(r.Context(), r.PathValue("event_id"))
	if err != nil {
		return err
	}
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
	if err := q.done(); err != nil {
		return err
	}
	page, err := s.engine.Events(r.Context(), filter)
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
