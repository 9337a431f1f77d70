package transport

import (
	"errors"
	"net/http"

	"github.com/usherhq/usher/transport/charts"
)

// putChart stores a chart: 201, or 200 when the same one is there.
func (s *Server) putChart(w http.ResponseWriter, r *http.Request) error {
	q := readQuery(r)
	format := q.text("format")
	if err := q.done(); err != nil {
		return err
	}
	if _, err := idempotencyKey(r); err != nil { // needed for nothing: the same bytes again are a 200
		return err
	}
	media, err := contentType(r, "application/json", "text/csv")
	if err != nil {
		return err
	}
	select {
	case s.uploads <- struct{}{}:
		defer func() { <-s.uploads }()
	default:
		return &problem{kind: overloaded, detail: "other charts are being read"}
	}
	data, err := readBody(w, r, maxChart, chartTimeout)
	if err != nil {
		return err
	}
	c, err := charts.Import(data, format, media)
	if errors.Is(err, charts.ErrUnknownFormat) {
		return badField("format", "must be one of usher, csv, pretix, seatsio")
	}
	if err != nil {
		return err
	}
	info, created, err := s.engine.PutChart(r.Context(), r.PathValue("chart_id"), c)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
		w.Header().Set("Location", "/v1/charts/"+info.ChartID)
	}
	w.Header().Set("ETag", `"`+info.SHA256+`"`)
	return writeJSON(w, status, info)
}

// getChart answers with the chart's canonical bytes. Its sha256 is the ETag in every
// coding: the tag names the content, and ranges of it are not served.
func (s *Server) getChart(w http.ResponseWriter, r *http.Request) error {
	q := readQuery(r)
	sum := q.text("sha256")
	if err := q.done(); err != nil {
		return err
	}
	canonical, info, err := s.engine.Chart(r.Context(), r.PathValue("chart_id"), sum)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Add("Vary", "Accept-Encoding")
	if sum != "" {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "public, no-cache") // another one may come under this id: ask again
	}
	etag := `"` + info.SHA256 + `"`
	if notModified(w, r, etag) {
		return nil
	}
	e, err := s.bodies.get(r.Context(), "chart "+info.SHA256, etag, func() []byte { return canonical })
	if err != nil {
		return err
	}
	writeCached(w, r, e)
	return nil
}
