package transport

import (
	"net/http"
	"net/url"
	"strings"
)

// origins says which pages may open the websocket. Browsers send cookies and connect to
// loopback for any page; only the origin tells pages apart.
type origins struct {
	allowed map[string]bool // lower case; empty: the host they connect to
}

func newOrigins(list []string) *origins {
	o := &origins{allowed: map[string]bool{}}
	for _, origin := range list {
		o.allowed[strings.ToLower(origin)] = true
	}
	return o
}

// allow is true for a request without an origin: no browser, so no page.
func (o *origins) allow(r *http.Request) bool {
	origin := r.Header.Values("Origin")
	if len(origin) == 0 {
		return true
	}
	if len(o.allowed) > 0 {
		return o.allowed[strings.ToLower(origin[0])]
	}
	u, err := url.Parse(origin[0])
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}
