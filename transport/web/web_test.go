package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

func get(t *testing.T, method, url string, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, url, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTypes(t *testing.T) {
	for url, kind := range map[string]string{
		"/":               "text/html; charset=utf-8",
		"/index.html":     "text/html; charset=utf-8",
		"/app.js":         "text/javascript; charset=utf-8",
		"/usher.js":       "text/javascript; charset=utf-8",
		"/client/live.js": "text/javascript; charset=utf-8",
		"/page/map.js":    "text/javascript; charset=utf-8",
		"/style.css":      "text/css; charset=utf-8",
		"/icon.svg":       "image/svg+xml",
	} {
		r := get(t, "GET", url)
		if r.StatusCode != 200 || r.Header.Get("Content-Type") != kind {
			t.Errorf("%s: %d %s, want 200 %s", url, r.StatusCode, r.Header.Get("Content-Type"), kind)
		}
		if body(t, r) == "" {
			t.Errorf("%s: empty", url)
		}
	}
}

func TestUnknownAndMethods(t *testing.T) {
	for _, url := range []string{"/nothing", "/static/index.html", "/../web.go", "/page", "/page/"} {
		if r := get(t, "GET", "http://x"+url); r.StatusCode != 404 {
			t.Errorf("%s: %d, want 404", url, r.StatusCode)
		}
	}
	r := get(t, "POST", "/")
	if r.StatusCode != 405 || r.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d, Allow %q", r.StatusCode, r.Header.Get("Allow"))
	}
	if r := get(t, "HEAD", "/app.js"); r.StatusCode != 200 || body(t, r) != "" || r.ContentLength == 0 {
		t.Errorf("HEAD: %d, length %d", r.StatusCode, r.ContentLength)
	}
}

func TestSecurityHeadersOnEveryAnswer(t *testing.T) {
	for _, url := range []string{"/", "/usher.js", "/nothing"} {
		h := get(t, "GET", url).Header
		policy := h.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'self'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: the policy lacks %s", url, part)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
			t.Errorf("%s: the policy is lax: %s", url, policy)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") == "" {
			t.Errorf("%s: %v", url, h)
		}
	}
}

// The client may be imported by pages of other origins; what it imports must be open to them as well, and the page's own files need not.
func TestClientIsShared(t *testing.T) {
	imports := regexp.MustCompile(`from '\./([^']+)'`)
	open := []string{"/usher.js"}
	for i := 0; i < len(open); i++ {
		r := get(t, "GET", open[i])
		if r.StatusCode != 200 || r.Header.Get("Access-Control-Allow-Origin") != "*" || r.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
			t.Errorf("%s is not open to others: %d %v", open[i], r.StatusCode, r.Header)
		}
		if i > 100 {
			t.Fatal("imports without end")
		}
		for _, m := range imports.FindAllStringSubmatch(body(t, r), -1) {
			open = append(open, path.Join(path.Dir(open[i]), m[1]))
		}
	}
	if len(open) < 5 {
		t.Errorf("found only %v: is the pattern right?", open)
	}
	if h := get(t, "GET", "/app.js").Header; h.Get("Access-Control-Allow-Origin") != "" {
		t.Error("/app.js is open to others")
	}
}

func TestConditional(t *testing.T) {
	first := get(t, "GET", "/app.js")
	tag := first.Header.Get("ETag")
	if !regexp.MustCompile(`^"[\w-]{22}"$`).MatchString(tag) || first.Header.Get("Cache-Control") != "no-cache" {
		t.Fatalf("ETag %q, Cache-Control %q", tag, first.Header.Get("Cache-Control"))
	}
	for _, match := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
		r := get(t, "GET", "/app.js", "If-None-Match", match)
		if r.StatusCode != 304 || body(t, r) != "" || r.Header.Get("ETag") != tag {
			t.Errorf("If-None-Match %s: %d", match, r.StatusCode)
		}
	}
	if r := get(t, "GET", "/app.js", "If-None-Match", `"other"`); r.StatusCode != 200 {
		t.Errorf("another tag: %d", r.StatusCode)
	}
}

func TestCompression(t *testing.T) {
	plain := get(t, "GET", "/app.js")
	packed := get(t, "GET", "/app.js", "Accept-Encoding", "br, gzip;q=0.8")
	if packed.Header.Get("Content-Encoding") != "gzip" || packed.Header.Get("Vary") != "Accept-Encoding" || plain.Header.Get("Vary") != "Accept-Encoding" {
		t.Fatalf("%v", packed.Header)
	}
	if packed.Header.Get("ETag") == plain.Header.Get("ETag") {
		t.Error("two different bodies share a strong ETag")
	}
	z, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if string(unpacked) != body(t, plain) {
		t.Error("gzip gives another file")
	}
	for _, refusal := range []string{"", "identity", "gzip;q=0", "*;q=0", "gzip;q=0, *", "br", "gzip;q=x"} {
		if r := get(t, "GET", "/app.js", "Accept-Encoding", refusal); r.Header.Get("Content-Encoding") != "" {
			t.Errorf("Accept-Encoding %q was answered with gzip", refusal)
		}
	}
	if r := get(t, "GET", "/app.js", "Accept-Encoding", "*"); r.Header.Get("Content-Encoding") != "gzip" {
		t.Error("* was not answered with gzip")
	}
}

// What the policy forbids must not be in the files, or it would fail only in the browser.
func TestFilesKeepTheirPolicy(t *testing.T) {
	forbidden := map[string]*regexp.Regexp{
		".html": regexp.MustCompile(`(?i)\son\w+=|<script>|<style|\sstyle=|javascript:|(src|href)="(https?:)?//`),
		".js":   regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setAttribute\('style'|(from|import) '(https?:)?//`),
		".css":  regexp.MustCompile(`@import|url\(['"]?(https?:|//|data:)`),
	}
	for url, f := range files() {
		pattern := forbidden[path.Ext(url)]
		if pattern == nil {
			continue
		}
		for i, line := range bytes.Split(f.plain, []byte("\n")) {
			if bytes.HasPrefix(bytes.TrimSpace(line), []byte("*")) {
				continue // an example in a comment
			}
			if found := pattern.Find(line); found != nil {
				t.Errorf("%s:%d: %s", url, i+1, found)
			}
		}
	}
}

// Every module that a file imports is there: a typing error must not wait for a browser to be noticed.
func TestImportsResolve(t *testing.T) {
	imports := regexp.MustCompile(`(?:from|import)\s+'(\.[^']+)'`)
	links := regexp.MustCompile(`(?:src|href)="(/[^"]*)"`)
	served := files()
	for url, f := range served {
		for _, m := range imports.FindAllSubmatch(f.plain, -1) {
			if target := path.Join(path.Dir(url), string(m[1])); served[target] == nil {
				t.Errorf("%s imports %s, which is not there", url, target)
			}
		}
		if path.Ext(url) == ".html" {
			for _, m := range links.FindAllSubmatch(f.plain, -1) {
				if served[string(m[1])] == nil {
					t.Errorf("%s refers to %s, which is not there", url, m[1])
				}
			}
		}
	}
}

func TestSmallFilesAreNotPacked(t *testing.T) {
	files := load(fstest.MapFS{"static/index.html": {Data: []byte("x")}, "static/a.bin": {Data: []byte("y")}})
	if f := files["/"]; f.packed != nil {
		t.Error("one byte was compressed")
	}
	if kind := files["/a.bin"].kind; kind != "application/octet-stream" {
		t.Errorf("unknown extension is %s", kind)
	}
	w := httptest.NewRecorder()
	handler(files).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Body.String() != "x" || w.Header().Get("Vary") != "" {
		t.Errorf("%q %v", w.Body.String(), w.Header())
	}
}
