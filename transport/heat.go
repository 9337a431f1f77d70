package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/usherhq/usher/engine"
)

const (
	// heatFresh is how long a report is as good as a new one.
	heatFresh = time.Second
	// heatSeats is how many of the hottest seats are named to who does not say.
	heatSeats = 20
	// maxHeatReports bounds the reports that are kept, of 200 seats and all sections each.
	maxHeatReports = 256
)

// getHeat tells where an event is contested: cacheable for a second, and made once a
// second, however many ask for however many seats.
func (s *Server) getHeat(w http.ResponseWriter, r *http.Request) error {
	q := readQuery(r)
	_, given := q.values["seats"]
	seats := int(q.whole("seats", 0, engine.MaxHeatSeats))
	if err := q.done(); err != nil {
		return err
	}
	if !given {
		seats = heatSeats
	}
	eventID := r.PathValue("event_id")
	report, made, err := s.heat.get(r.Context(), s.engine, eventID)
	if err != nil {
		return err
	}
	report.Seats = report.Seats[:min(seats, len(report.Seats))]
	// The tag is the cache's alone: another node has other counts at the same moment.
	name, tag := fmt.Sprint("heat ", seats, " ", eventID), strconv.FormatInt(made.UnixNano(), 10)
	body, err := s.bodies.get(r.Context(), name, tag, func() []byte { return renderHeat(report) })
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "public, max-age=1")
	w.Header().Add("Vary", "Accept-Encoding")
	writeCached(w, r, body)
	return nil
}

func renderHeat(report engine.HeatReport) []byte {
	if report.Seats == nil {
		report.Seats = []engine.HeatSeat{} // never null in JSON
	}
	data, err := json.Marshal(report)
	if err != nil { // the values are ours: strings and finite numbers
		panic(err)
	}
	return append(data, '\n')
}

// heatReports are the latest reports, with as many seats as anybody may ask for.
type heatReports struct {
	mu sync.Mutex
	by map[string]*heatReport // at most maxHeatReports
}

// heatReport is one event's; who needs it fresh makes it, and the others wait for that.
type heatReport struct {
	mu     sync.Mutex
	made   time.Time // zero: never
	report engine.HeatReport
}

// get gives a report that is at most heatFresh old, and when it was made. It is shared:
// to be read only.
func (h *heatReports) get(ctx context.Context, e Engine, eventID string) (engine.HeatReport, time.Time, error) {
	slot := h.slot(eventID)
	slot.mu.Lock()
	defer slot.mu.Unlock()
	if slot.made.IsZero() || time.Since(slot.made) >= heatFresh {
		report, err := e.Heat(ctx, eventID, engine.MaxHeatSeats)
		if err != nil {
			return engine.HeatReport{}, time.Time{}, err
		}
		slot.report, slot.made = report, time.Now()
	}
	return slot.report, slot.made, nil
}

// slot finds or makes an event's place, whether there is such an event or not. When
// there are too many all are forgotten: what is asked for is soon made again.
func (h *heatReports) slot(eventID string) *heatReport {
	h.mu.Lock()
	defer h.mu.Unlock()
	slot := h.by[eventID]
	if slot == nil {
		if len(h.by) >= maxHeatReports || h.by == nil {
			h.by = map[string]*heatReport{}
		}
		slot = &heatReport{}
		h.by[eventID] = slot
	}
	return slot
}
