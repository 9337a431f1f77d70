package transport

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// handler answers a request, or returns the error to answer with; then it has written
// nothing.
type handler func(w http.ResponseWriter, r *http.Request) error

// routes is all there is on the public listener.
func (s *Server) routes(page http.Handler) http.Handler {
	mux := http.NewServeMux()
	for pattern, methods := range map[string]map[string]handler{
		"/v1/charts/{chart_id}":               {"GET": s.getChart, "PUT": s.putChart},
		"/v1/events":                          {"GET": s.listEvents, "POST": s.createEvent},
		"/v1/events/{event_id}":               {"GET": s.getEvent},
		"/v1/events/{event_id}/seats":         {"GET": s.getSeats, "POST": s.postSeats},
		"/v1/events/{event_id}/blocks":        {"GET": s.getBlocks},
		"/v1/events/{event_id}/heat":          {"GET": s.getHeat},
		"/v1/events/{event_id}/queue":         {"POST": s.joinQueue},
		"/v1/events/{event_id}/room":          {"GET": s.getRoom, "PATCH": s.patchRoom},
		"/v1/events/{event_id}/room/draw":     {"GET": s.getDraw},
		"/v1/events/{event_id}/room/entrants": {"GET": s.getEntrants},
		"/v1/queue/{ticket}":                  {"GET": s.getPlace, "DELETE": s.leaveQueue},
		"/v1/admissions":                      {"POST": s.verifyAdmission},
		"/v1/reservations":                    {"POST": s.reserve},
		"/v1/reservations/{hold_id}":          {"GET": s.getReservation, "DELETE": s.release},
		"/v1/reservations/{hold_id}/extend":   {"POST": s.extend},
		"/v1/reservations/{hold_id}/fence":    {"GET": s.getFence},
		"/v1/bookings":                        {"POST": s.book},
		"/v1/bookings/{booking_id}":           {"GET": s.getBooking, "DELETE": s.cancelBooking},
		"/v1/live":                            {"GET": s.openLive},
	} {
		mux.Handle(pattern, s.route(pattern, methods))
	}
	mux.Handle("/v1/", s.route("unknown", nil))
	if page == nil {
		mux.Handle("/", s.route("unknown", nil))
	} else {
		mux.Handle("/", s.route("page", map[string]handler{"GET": servePage(page)}))
	}
	return mux
}

func servePage(page http.Handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		page.ServeHTTP(w, r)
		return nil
	}
}

// choose finds the handler of a method, or one that refuses. HEAD is GET: net/http
// leaves out the body.
func choose(method string, methods map[string]handler) handler {
	if len(methods) == 0 {
		return func(_ http.ResponseWriter, r *http.Request) error {
			return &problem{kind: notFound, detail: fmt.Sprintf("no resource at %s", r.URL.Path)}
		}
	}
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if h, ok := methods[method]; ok {
		return h
	}
	allowed := make([]string, 0, len(methods)+1)
	for m := range methods {
		allowed = append(allowed, m)
		if m == http.MethodGet {
			allowed = append(allowed, http.MethodHead)
		}
	}
	slices.Sort(allowed)
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		return &problem{kind: methodNotAllowed, detail: r.Method + " is not allowed here; " + strings.Join(allowed, ", ") + " are"}
	}
}
