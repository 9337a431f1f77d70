package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/usherhq/usher/engine"
)

// TestBackupKeepsOnlyWhatIsWhole: whatever goes wrong, no file has the name, nothing is left
// beside it, and one that was there is as it was.
func TestBackupKeepsOnlyWhatIsWhole(t *testing.T) {
	e, err := engine.Open(t.Context(), engine.Config{Dir: t.TempDir(), Groups: 1})
	if err != nil {
		t.Fatal(err)
	}
	var whole bytes.Buffer
	if err := e.Backup(t.Context(), &whole); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	raw := whole.Bytes()
	flipped := bytes.Clone(raw)
	flipped[len(raw)/2] ^= 1
	serve := func(body []byte, breaks bool) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/octet-stream")
			_, _ = w.Write(body)
			if breaks {
				_ = http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			}
		}
	}
	for _, c := range []struct {
		name, want string
		handler    http.HandlerFunc
	}{
		{"the server breaks off", "it ends here", serve(raw[:len(raw)-10], true)},
		{"the server breaks off behind the end", "EOF", serve(raw, true)},
		{"it is cut off on the way", "it ends here", serve(raw[:len(raw)-10], false)},
		{"a bit flips on the way", "at byte ", serve(flipped, false)},
		{"something follows", "something follows the end", serve(append(bytes.Clone(raw), 1), false)},
		{"the server has no quorum", "group 3 has no leader (503 no_quorum); try again", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(503)
			_, _ = w.Write([]byte(`{"status":503,"code":"no_quorum","detail":"group 3 has no leader","retryable":true}`))
		}},
		{"it is another server", "is this the operations listener", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(c.handler)
			defer server.Close()
			dir := t.TempDir()
			out := filepath.Join(dir, "x.backup")
			if err := os.WriteFile(out, []byte("the last one"), 0o600); err != nil {
				t.Fatal(err)
			}
			var said lockedText
			code := run(t.Context(), []string{"backup", "--admin", server.URL, "--out", out, "--force"}, nil, &said, &said)
			if code != exitFailed || !strings.Contains(said.String(), c.want) {
				t.Errorf("exit %d: %s", code, said.String())
			}
			list, err := os.ReadDir(dir)
			kept, err2 := os.ReadFile(out)
			if err != nil || err2 != nil || len(list) != 1 || string(kept) != "the last one" {
				t.Errorf("left behind: %v, %q, %v, %v", list, kept, err, err2)
			}
		})
	}
	server := httptest.NewServer(serve(raw, false))
	defer server.Close()
	var said lockedText
	if code := run(t.Context(), []string{"backup", "--admin", server.URL, "--out", filepath.Join(t.TempDir(), "no", "x")}, nil, &said, &said); code != exitFailed {
		t.Errorf("into a folder that is not there: exit %d, %s", code, said.String())
	}
	out := filepath.Join(t.TempDir(), "x.backup")
	if code := run(t.Context(), []string{"backup", "--admin", server.URL + "/", "--out", out}, nil, &said, &said); code != 0 {
		t.Errorf("exit %d: %s", code, said.String())
	}
	if kept, err := os.ReadFile(out); err != nil || !bytes.Equal(kept, raw) {
		t.Errorf("%d bytes of %d, %v", len(kept), len(raw), err)
	}
}
