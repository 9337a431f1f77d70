package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	apiTimeout  = 3 * time.Minute // a chart may take the server two
	maxAnswer   = 16 << 20
	wrongServer = "is this an usher server?"
)

// serverFlag says which server a command talks to.
type serverFlag struct {
	Server string `default:"http://127.0.0.1:8080" placeholder:"URL" help:"The server's address."`
}

// api calls a server for people.
type api struct {
	base   *url.URL
	client *http.Client
	header http.Header // of every request
}

func (f serverFlag) api() (*api, error) { return apiAt("--server", f.Server, "http://127.0.0.1:8080") }

// apiAt is a server at an address that a flag gave; usual is what it might have looked like.
func apiAt(flag, addr, usual string) (*api, error) {
	u, err := url.Parse(addr)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("%s %q is no address such as %s", flag, addr, usual)
	}
	u.Path = strings.TrimSuffix(u.Path, "/")
	return &api{base: u, client: &http.Client{Timeout: apiTimeout}}, nil
}

// apiProblem is an error as the server tells it (RFC 9457).
type apiProblem struct {
	Status    int    `json:"status"`
	Code      string `json:"code"`
	Title     string `json:"title"`
	Detail    string `json:"detail"`
	Retryable bool   `json:"retryable"`
	Outcome   string `json:"outcome"`
	Problems  []struct {
		Where   string `json:"where"`
		Problem string `json:"problem"`
	} `json:"problems"`
}

func (p *apiProblem) Error() string {
	text := p.Detail
	if text == "" {
		text = p.Title
	}
	text = fmt.Sprintf("%s (%d %s)", text, p.Status, p.Code)
	if p.Outcome == "unknown" {
		text += "; it may have been done all the same"
	}
	if p.Retryable {
		text += "; try again"
	}
	return text
}

// call sends a body and gives the answer's status and JSON. size -1 means unknown. The
// error is an *apiProblem where the server told one.
func (a *api) call(ctx context.Context, method, path, mediaType string, body io.Reader, size int64) (int, json.RawMessage, error) {
	// Parsed, not joined: ids in paths are escaped already.
	target := strings.TrimSuffix(a.base.String(), "/") + path
	req, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return 0, nil, err
	}
	req.ContentLength = size
	for name, values := range a.header {
		req.Header[name] = values
	}
	if mediaType != "" {
		req.Header.Set("Content-Type", mediaType)
	}
	res, err := a.client.Do(req)
	if err != nil {
		return 0, nil, fmt.Errorf("no answer from %s: %w", a.base, unwrapURL(err))
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return 0, nil, fmt.Errorf("reading the answer of %s: %w", a.base, err)
	}
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	switch {
	case kind == "application/problem+json":
		return res.StatusCode, raw, problemFrom(raw)
	case res.StatusCode/100 != 2 || kind != "application/json":
		return 0, nil, fmt.Errorf("%s answered %s with %q: %s", a.base, res.Status, kind, wrongServer)
	}
	return res.StatusCode, raw, nil
}

func problemFrom(raw []byte) error {
	p := &apiProblem{}
	if err := json.Unmarshal(raw, p); err != nil {
		return fmt.Errorf("a problem that is no JSON: %w: %s", err, wrongServer)
	}
	return p
}

// unwrapURL leaves out method and address, which are told already.
func unwrapURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// oneLine is JSON without line breaks.
func oneLine(raw json.RawMessage) ([]byte, error) {
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}
