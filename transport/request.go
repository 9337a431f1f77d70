package transport

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// readCall reads what every write with a body has: no query, perhaps an idempotency key,
// and one JSON object.
func readCall(w http.ResponseWriter, r *http.Request) (body *fields, key string, err error) {
	if err := noQuery(r); err != nil {
		return nil, "", err
	}
	if key, err = idempotencyKey(r); err != nil {
		return nil, "", err
	}
	if _, err := contentType(r, "application/json"); err != nil {
		return nil, "", err
	}
	text, err := readBody(w, r, maxBody, bodyTimeout)
	if err != nil {
		return nil, "", err
	}
	return readObject(text), key, nil
}

// contentType is the body's media type, one of those allowed.
func contentType(r *http.Request, allowed ...string) (string, error) {
	if coding := r.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return "", &problem{kind: unsupportedMedia, detail: fmt.Sprintf("Content-Encoding %q is not supported", coding)}
	}
	given := r.Header.Get("Content-Type")
	media, params, err := mime.ParseMediaType(given)
	charset := strings.ToLower(params["charset"])
	if err != nil || !slices.Contains(allowed, media) || (charset != "" && charset != "utf-8" && charset != "us-ascii") {
		return "", &problem{
			kind:   unsupportedMedia,
			detail: fmt.Sprintf("Content-Type %q; use %s in UTF-8", given, strings.Join(allowed, " or ")),
		}
	}
	return media, nil
}

// readBody reads at most limit bytes, in at most within.
func readBody(w http.ResponseWriter, r *http.Request, limit int64, within time.Duration) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, tooMuch(limit)
	}
	control := http.NewResponseController(w)
	// A writer without deadlines (a test's recorder) is no reason to refuse.
	_ = control.SetReadDeadline(time.Now().Add(within))
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return nil, tooMuch(limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, &problem{kind: bodyTooSlow, detail: fmt.Sprintf("the body did not arrive within %v", within), cause: err}
	case err != nil:
		return nil, badField("body", "ended before it was complete")
	}
	// Left in place, the deadline would cancel the request's context while it is answered.
	_ = control.SetReadDeadline(time.Time{})
	return text, nil
}

func tooMuch(limit int64) error {
	return &problem{kind: tooLarge, detail: fmt.Sprintf("the body may have %d bytes", limit), extra: map[string]any{"limit": limit}}
}

const (
	idempotencyHeader = "Idempotency-Key"
	maxKey            = 128 // characters
)

// idempotencyKey is the request's key, "" if it has none.
func idempotencyKey(r *http.Request) (string, error) {
	return headerText(r, idempotencyHeader, maxKey)
}

// headerText is a header of 1 to max printable characters, "" if it is not there.
func headerText(r *http.Request, name string, max int) (string, error) {
	given := r.Header.Values(name)
	if len(given) == 0 {
		return "", nil
	}
	text := given[0]
	if len(given) > 1 || len(text) < 1 || len(text) > max || !printable(text) {
		return "", badField(name, fmt.Sprintf("must be given once, 1 to %d printable ASCII characters", max))
	}
	return text, nil
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// query reads a request's query string as strictly as a body: a parameter given twice,
// or one that nobody asked for, is an error.
type query struct {
	values url.Values
	err    error
}

func readQuery(r *http.Request) *query {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return &query{err: badField("query", "is malformed")}
	}
	return &query{values: values}
}

func (q *query) fail(name, what string) {
	if q.err == nil {
		q.err = badField(name, what)
	}
}

// text is a parameter, "" if absent; it may not be given and empty.
func (q *query) text(name string) string {
	given, ok := q.values[name]
	delete(q.values, name)
	switch {
	case !ok:
		return ""
	case len(given) > 1:
		q.fail(name, "is given twice")
	case given[0] == "":
		q.fail(name, "must not be empty")
	}
	return given[0]
}

// whole is an integer parameter min ≤ n ≤ max, 0 if absent.
func (q *query) whole(name string, min, max uint64) uint64 {
	text := q.text(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n < min || n > max {
		q.fail(name, fmt.Sprintf("must be a whole number from %d to %d", min, max))
		return 0
	}
	return n
}

// done is the first mistake.
func (q *query) done() error {
	if q.err != nil || len(q.values) == 0 {
		return q.err
	}
	return badField(q.names()[0], "is not a known parameter")
}

// noQuery refuses any parameter, where none is known.
func noQuery(r *http.Request) error {
	if r.URL.RawQuery == "" {
		return nil
	}
	return readQuery(r).done()
}
