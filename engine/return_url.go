package engine

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path"
	"strings"
)

const (
	maxReturnURLs   = 16
	maxReturnURLLen = 500 // bytes
)

// checkReturnURLs wants places that admitted shoppers may be sent on to.
func (w *WaitingRoom) checkReturnURLs() error {
	if len(w.ReturnURLs) > maxReturnURLs {
		return &InvalidError{"waiting_room.return_urls", fmt.Sprintf("%d addresses, at most %d are possible", len(w.ReturnURLs), maxReturnURLs)}
	}
	for i, raw := range w.ReturnURLs {
		u, err := parseReturnURL(raw)
		if err == nil && (u.RawQuery != "" || u.ForceQuery) {
			err = errors.New("it has a query: what is allowed is scheme, host, port and the beginning of the path")
		}
		if err != nil {
			return &InvalidError{fmt.Sprintf("waiting_room.return_urls[%d]", i), err.Error()}
		}
	}
	return nil
}

// AllowsReturn tells whether a shopper who was admitted may be sent on to an address: scheme,
// host and port are those of one of ReturnURLs, and the path is that one's or lies below it.
func (w *WaitingRoom) AllowsReturn(raw string) bool {
	u, err := parseReturnURL(raw)
	if w == nil || err != nil {
		return false
	}
	for _, allowed := range w.ReturnURLs {
		a, err := parseReturnURL(allowed)
		if err == nil && origin(a) == origin(u) && below(u.Path, a.Path) {
			return true
		}
	}
	return false
}

func parseReturnURL(raw string) (*url.URL, error) {
	if len(raw) > maxReturnURLLen {
		return nil, fmt.Errorf("has %d bytes, at most %d are possible", len(raw), maxReturnURLLen)
	}
	// Browsers take backslashes for slashes, and drop control characters.
	if strings.ContainsAny(raw, "\\") || !printable(raw, maxReturnURLLen) {
		return nil, errors.New("has characters that are not of an address")
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, errors.New("is no address")
	case u.Hostname() == "" || u.Opaque != "" || u.User != nil || strings.Contains(raw, "#"):
		return nil, errors.New("is not an absolute address with a host, and neither user nor fragment")
	case u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())):
		return nil, errors.New("is not https (http is for this machine only)")
	case u.Path != "" && strings.TrimSuffix(path.Clean(u.Path), "/") != strings.TrimSuffix(u.Path, "/") || u.RawPath != "":
		return nil, errors.New("has a path that is not in its plain form")
	}
	return u, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

func below(p, prefix string) bool {
	prefix = strings.TrimSuffix(prefix, "/")
	return p == prefix || strings.HasPrefix(p, prefix+"/")
}
