package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/usherhq/usher/engine"
)

const (
	jsonType   = "application/json"
	packedType = "application/vnd.usher.seats"
)

// seatsRequest is what a GET of seats asks for.
type seatsRequest struct {
	eventID    string
	section    string // "" for all
	minVersion uint64
	packed     bool
	versions   bool // of each seat and area too
	level      engine.Consistency
	stale      time.Duration
}

// getSeats is the browse path: from this replica's memory, cacheable for a second, and
// rendered once a version.
func (s *Server) getSeats(w http.ResponseWriter, r *http.Request) error {
	req, err := readSeatsRequest(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.limits.VersionWait)
	defer cancel()
	cursor, err := s.engine.SeatVersion(engine.WithConsistency(ctx, req.level), req.eventID)
	if err != nil {
		return err
	}
	if req.stale, err = s.engine.Stale(ctx, req.eventID); err != nil {
		return err
	}
	h := w.Header()
	writeStale(h, req.stale)
	if req.level == engine.Stale {
		h.Set("Cache-Control", "public, max-age=1, stale-while-revalidate=5")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	h.Add("Vary", "Accept, Accept-Encoding")
	if cursor.Version >= req.minVersion {
		name, etag := req.names(cursor.Epoch, cursor.Version)
		writeVersion(h, cursor.Epoch, cursor.Version)
		if notModified(w, r, etag) {
			return nil
		}
		if e := s.bodies.find(name, etag); e != nil {
			writeCached(w, r, e)
			return nil
		}
	}
	read := s.engine.SeatMap
	if req.versions {
		read = s.engine.SeatVersions
	}
	m, err := read(ctx, req.eventID, req.minVersion)
	if req.minVersion > cursor.Version && errors.Is(err, context.DeadlineExceeded) && r.Context().Err() == nil {
		return &problem{kind: notReached, detail: fmt.Sprintf("version %d has not been reached within %v; the event is at %d",
			req.minVersion, s.limits.VersionWait, cursor.Version), cause: err}
	}
	if err != nil {
		return err
	}
	return s.writeSeats(w, r, req, m)
}

func readSeatsRequest(r *http.Request) (seatsRequest, error) {
	q := readQuery(r)
	req := seatsRequest{
		eventID:    r.PathValue("event_id"),
		section:    q.text("section"),
		minVersion: q.whole("min_version", 0, maxExact),
		versions:   q.whole("versions", 1, 1) == 1,
	}
	_, req.level = q.consistency(r.Context())
	if err := q.done(); err != nil {
		return req, err
	}
	media, ok := negotiate(r.Header.Values("Accept"), jsonType, packedType)
	if !ok {
		return req, &problem{kind: notAcceptable, detail: "there are " + jsonType + " and " + packedType}
	}
	req.packed = media == packedType
	if req.packed && req.section != "" {
		return req, badField("section", "the packed map is of all seats; ask for JSON")
	}
	if req.packed && req.versions {
		return req, badField("versions", "the packed map has none; ask for JSON")
	}
	return req, nil
}

// names are the cache's name of this representation and its tag at a version.
func (req seatsRequest) names(epoch string, version uint64) (name, etag string) {
	form := "json"
	switch {
	case req.packed:
		form = "packed"
	case req.versions:
		form = "versions"
	}
	name = form
	if req.stale > 0 {
		form += ".stale" // also of the packed map: a cache keeps the headers of what it has
	}
	// A section's name may have any character, a tag may not; the cache's name is not sent.
	section := ""
	if req.section != "" {
		section = fmt.Sprintf(".%x", req.section)
	}
	return name + " " + req.eventID + section, `"` + epoch + "." + itoa(version) + "." + form + section + `"`
}

func writeVersion(h http.Header, epoch string, version uint64) {
	h.Set("Usher-Epoch", epoch)
	h.Set("Usher-Version", itoa(version))
}

func (s *Server) writeSeats(w http.ResponseWriter, r *http.Request, req seatsRequest, m *engine.SeatMap) error {
	from, to := uint32(0), uint32(m.Seats)
	if req.section != "" {
		var ok bool
		if from, to, ok = m.Chart.SectionRange(req.section); !ok {
			return &problem{kind: unknownSection, detail: fmt.Sprintf("the event's chart has no section %q", req.section)}
		}
	}
	m.Stale = req.stale
	name, etag := req.names(m.Epoch, m.Version)
	writeVersion(w.Header(), m.Epoch, m.Version)
	if notModified(w, r, etag) { // it may have got there while we waited
		return nil
	}
	if req.packed {
		w.Header().Set("Content-Type", packedType)
		w.Header().Set("Content-Length", strconv.Itoa(len(m.Packed)))
		_, _ = w.Write(m.Packed)
		return nil
	}
	e, err := s.bodies.get(r.Context(), name, etag, func() []byte { return s.texts.of(m.Chart).render(m, from, to, req.section == "") })
	if err != nil {
		return err
	}
	writeCached(w, r, e)
	return nil
}
