package transport

import "net/http"

// What pages of other origins that are on the list may send and read. The methods of a
// resource are answered by the resource itself, with 405.
const (
	corsMethods = "GET, HEAD, POST, PUT, PATCH, DELETE"
	corsRequest = "Content-Type, Idempotency-Key, If-None-Match, Admission-Token"
	corsAnswer  = "ETag, Location, Retry-After, Usher-Version, Usher-Epoch, Usher-Stale"
	corsMaxAge  = "600" // seconds a browser may remember a preflight
)

// cors lets pages of the listed origins call the API, as they may open the websocket.
// Without a list only pages of this host can: browsers need no header for that. It
// returns true when the request was a preflight, which it has answered.
func (o *origins) cors(w http.ResponseWriter, r *http.Request) bool {
	if len(o.allowed) == 0 {
		return false
	}
	h := w.Header()
	h.Add("Vary", "Origin") // also of an answer to nobody: caches must not mix them up
	origin := r.Header.Get("Origin")
	if origin == "" || !o.allow(r) {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", corsAnswer)
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h.Set("Access-Control-Allow-Methods", corsMethods)
	h.Set("Access-Control-Allow-Headers", corsRequest)
	h.Set("Access-Control-Max-Age", corsMaxAge)
	w.WriteHeader(http.StatusNoContent)
	return true
}
