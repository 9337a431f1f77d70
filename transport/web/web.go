// Package web is the page that shoppers see and the JavaScript client that other pages import, built into the binary.
//
// The files are plain ES modules under static: what is in the repository is what the browser runs, so there is no build
// step to trust and nothing to install. Everything is read, hashed and compressed once; a request copies bytes.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

//go:embed static
var static embed.FS

// policy lets the page run its own files and nothing else: no inline script or style, no other origin, no frame around it
// (a ticket page in someone's frame is how clicks are stolen). 'self' covers the websocket of the same host.
const policy = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; object-src 'none'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

// The names do not carry a version, so a browser may keep a file but must ask before it uses it; the answer is a 304 of a few bytes.
const caching = "no-cache"

// types by extension, set here because mime's own table depends on what the host has installed.
var types = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// file is one file ready to send. Each encoding has an ETag of its own: a strong tag names bytes, not content.
type file struct {
	kind      string
	shared    bool // for pages of other origins too
	plain     []byte
	plainTag  string
	packed    []byte // gzip; nil if that would not be smaller
	packedTag string
}

var files = sync.OnceValue(func() map[string]*file { return load(static) })

// Handler serves the page at /, the client module at /usher.js (with the modules it imports under /client/), and the page's other files.
// Unknown paths are 404, methods other than GET and HEAD 405.
func Handler() http.Handler {
	return handler(files())
}

func handler(files map[string]*file) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header())
		f, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		f.send(w, r)
	})
}

func secure(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
}

func (f *file) send(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", caching)
	if f.shared {
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
	body, tag := f.plain, f.plainTag
	if f.packed != nil {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Get("Accept-Encoding")) {
			body, tag = f.packed, f.packedTag
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("ETag", tag)
	if matches(r.Header.Get("If-None-Match"), tag) {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.kind)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // an error here is the reader's going away
	}
}

// matches compares as RFC 9110 §13.1.2 wants: weakly, against each tag of the list.
func matches(list, tag string) bool {
	for each := range strings.SplitSeq(list, ",") {
		each = strings.TrimSpace(each)
		if each == "*" || strings.TrimPrefix(each, "W/") == tag {
			return true
		}
	}
	return false
}

// acceptsGzip reads Accept-Encoding (RFC 9110 §12.5.3); gzip named outranks what * says.
func acceptsGzip(header string) bool {
	accepted := false
	for each := range strings.SplitSeq(header, ",") {
		name, parameters, _ := strings.Cut(strings.TrimSpace(each), ";")
		wanted := weight(parameters) > 0
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "gzip", "x-gzip":
			return wanted
		case "*":
			accepted = wanted
		}
	}
	return accepted
}

func weight(parameters string) float64 {
	name, value, _ := strings.Cut(parameters, "=")
	if strings.ToLower(strings.TrimSpace(name)) != "q" {
		return 1
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil {
		return 0
	}
	return q
}

// load reads the whole tree. What it can fail on is the build itself, so it panics: a binary without its page must not start serving.
func load(tree fs.FS) map[string]*file {
	files := map[string]*file{}
	err := fs.WalkDir(tree, "static", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		url := strings.TrimPrefix(name, "static")
		files[url] = newFile(url, content)
		return nil
	})
	if err != nil {
		panic("web: " + err.Error())
	}
	files["/"] = files["/index.html"]
	return files
}

func newFile(url string, content []byte) *file {
	f := &file{
		kind:     typeOf(url),
		shared:   url == "/usher.js" || strings.HasPrefix(url, "/client/"),
		plain:    content,
		plainTag: tagOf(content),
	}
	if packed := compress(content); len(packed) < len(content)*9/10 {
		f.packed, f.packedTag = packed, tagOf(packed)
	}
	return f
}

func typeOf(url string) string {
	if kind, ok := types[path.Ext(url)]; ok {
		return kind
	}
	if kind := mime.TypeByExtension(path.Ext(url)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

// tagOf is 128 bits of SHA-256: the same file has the same tag on every node, so any of them can answer 304.
func tagOf(content []byte) string {
	sum := sha256.Sum256(content)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
}

func compress(content []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		panic("web: " + err.Error()) // the level is a constant
	}
	_, err = w.Write(content)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic("web: " + err.Error()) // a bytes.Buffer does not fail
	}
	return out.Bytes()
}
