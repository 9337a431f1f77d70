package transport

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// writeJSON answers with v. What is not said to be cacheable is somebody's own.
func writeJSON(w http.ResponseWriter, status int, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	data = append(data, '\n') // for people with a terminal
	h := w.Header()
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(data)))
	w.WriteHeader(status)
	_, _ = w.Write(data) // a client that has gone away is no news
	return nil
}

// notModified answers 304 if the client has what etag names.
func notModified(w http.ResponseWriter, r *http.Request, etag string) bool {
	w.Header().Set("ETag", etag)
	for _, header := range r.Header.Values("If-None-Match") {
		if hasTag(header, etag) {
			w.WriteHeader(http.StatusNotModified)
			return true
		}
	}
	return false
}

// hasTag looks for a strong tag of ours in an If-None-Match list, comparing weakly
// (RFC 9110, 8.8.3.2): proxies that compress mark tags as weak.
func hasTag(header, etag string) bool {
	for i := 0; i < len(header); {
		switch c := header[i]; {
		case c == '*':
			return true
		case c == '"':
			end := i + 1
			for end < len(header) && header[end] != '"' {
				end++
			}
			if end < len(header) && header[i:end+1] == etag {
				return true
			}
			i = end + 1
		default: // commas, spaces, W/
			i++
		}
	}
	return false
}

// writeCached answers with a rendered body, compressed if the client can.
func writeCached(w http.ResponseWriter, r *http.Request, e *entry) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	body := e.plain
	if len(body) >= minGzip && acceptsGzip(r.Header.Values("Accept-Encoding")) {
		body = e.gzipped()
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(body)
}

// minGzip is the size below which compressing costs more than it saves: about a packet.
const minGzip = 1400
