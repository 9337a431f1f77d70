package transport

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/usherhq/usher/engine"
)

// TestBackupIsStreamed: an operator gets every byte, or notices; the public listener has none.
func TestBackupIsStreamed(t *testing.T) {
	h := newHouse(t, 4)
	ops := httptest.NewServer(h.server.OpsHandler())
	defer ops.Close()
	ask := func(do func(io.Writer) error) (*http.Response, []byte, error) {
		h.fake.backup = do
		res, err := http.Get(ops.URL + "/backup")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		raw, err := io.ReadAll(res.Body)
		return res, raw, err
	}
	piece := bytes.Repeat([]byte("usher"), 20_000)
	whole := func(w io.Writer) error {
		for range 3 {
			if _, err := w.Write(piece); err != nil {
				return err
			}
		}
		return nil
	}
	res, raw, err := ask(whole)
	if err != nil || res.StatusCode != 200 || res.Header.Get("Content-Type") != "application/octet-stream" || !bytes.Equal(raw, bytes.Repeat(piece, 3)) {
		t.Errorf("%s, %d bytes, %v", res.Status, len(raw), err)
	}
	if _, raw, err := ask(func(w io.Writer) error { return errors.Join(whole(w), errors.New("the disk is gone")) }); err == nil {
		t.Errorf("%d bytes of a backup that failed pass for all of it", len(raw))
	}
	for code, why := range map[string]error{
		"no_quorum": fmt.Errorf("%w: group 3 has no leader", engine.ErrNoQuorum), "overloaded": engine.ErrOverloaded,
		"starting": engine.ErrStarting, "internal": errors.New("something else"),
	} {
		res, raw, err := ask(func(io.Writer) error { return why })
		if err != nil || res.StatusCode != 503 || !strings.Contains(string(raw), `"code":"`+code+`"`) || !strings.Contains(string(raw), trimmed(why)) {
			t.Errorf("%v: %s %s, %v", why, res.Status, raw, err)
		}
	}
	if code, _ := get(t, h.server.Handler(), "/backup"); code != 404 {
		t.Errorf("a backup on the public listener: %d", code)
	}
}
