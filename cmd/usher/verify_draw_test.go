package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/waitroom"
)

// madeDraw is a draw of so many, as it would be published.
func madeDraw(t *testing.T, n int) (engine.Draw, string) {
	t.Helper()
	seed := sha256.Sum256([]byte("seed"))
	commitment := sha256.Sum256(seed[:])
	list := make([]waitroom.Listed, n)
	for i := range list {
		id := sha256.Sum256(fmt.Append(nil, i))
		copy(list[i].ID[:], id[:])
		list[i].Lane = uint8(i % 3 / 2)
	}
	digest := waitroom.Redraw(seed, list)
	var b strings.Builder
	b.WriteString("entrant,tier,place\n")
	for _, e := range list {
		fmt.Fprintf(&b, "%x,%s,%d\n", e.ID, []string{"", "gold"}[e.Lane], e.Place)
	}
	return engine.Draw{
		Done: true, Commitment: hex.EncodeToString(commitment[:]), Seed: hex.EncodeToString(seed[:]),
		Digest: hex.EncodeToString(digest[:]), Entrants: n,
	}, b.String()
}

func verified(t *testing.T, draw engine.Draw, text string) error {
	t.Helper()
	list, err := readDrawList(strings.NewReader(text))
	if err != nil {
		return err
	}
	return list.verify(&draw)
}

// Whatever is changed of what was published is noticed, and named.
func TestVerifyDraw(t *testing.T) {
	draw, text := madeDraw(t, 300)
	if err := verified(t, draw, text); err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(text, "\n")
	field := func(line, i int) string { return strings.Split(strings.TrimSpace(lines[line]), ",")[i] }
	for name, c := range map[string]struct {
		draw func(*engine.Draw)
		list func(l []string) []string
		want string
	}{
		"seed":       {draw: func(d *engine.Draw) { d.Seed = d.Digest }, want: "not what was committed to"},
		"commitment": {draw: func(d *engine.Draw) { d.Commitment = d.Seed }, want: "not what was committed to"},
		"digest":     {draw: func(d *engine.Draw) { d.Digest = d.Seed }, want: "not what was drawn from"},
		"not hex":    {draw: func(d *engine.Draw) { d.Seed = "x" + d.Seed[1:] }, want: "seed"},
		"undone":     {draw: func(d *engine.Draw) { d.Done = false }, want: "not been done"},
		"one less":   {list: func(l []string) []string { return slices.Delete(l, 9, 10) }, want: "299 entrants, the draw had 300"},
		"swapped":    {list: func(l []string) []string { l[1], l[2] = l[2], l[1]; return l }, want: "not what was drawn from"},
		"twice":      {list: func(l []string) []string { l[5] = l[6]; return l }, want: "twice"},
		"a place": {list: func(l []string) []string {
			l[7] = strings.Replace(l[7], ","+field(7, 2)+"\n", ",1000\n", 1)
			return l
		}, want: "line 8, entrant " + field(7, 0) + ": the list says place 1000, the draw gives " + field(7, 2)},
		"a tier":    {list: func(l []string) []string { l[1] = strings.Replace(l[1], ",,", ",gold,", 1); return l }, want: "the draw gives"},
		"no header": {list: func(l []string) []string { return l[1:] }, want: "line 1"},
		"columns":   {list: func(l []string) []string { l[4] = "a,b\n"; return l }, want: "line 5"},
		"no place":  {list: func(l []string) []string { l[4] = field(4, 0) + ",,x\n"; return l }, want: `line 5 of the list: place "x"`},
	} {
		d, l := draw, slices.Clone(lines)
		if c.draw != nil {
			c.draw(&d)
		}
		if c.list != nil {
			l = c.list(l)
		}
		if err := verified(t, d, strings.Join(l, "")); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// A server is asked for both parts, under the event's own path, and its problems are told.
func TestVerifyDrawOfServer(t *testing.T) {
	draw, text := madeDraw(t, 20)
	raw, err := json.Marshal(draw)
	if err != nil {
		t.Fatal(err)
	}
	var asked []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		switch r.URL.Path {
		case "/v1/events/hall:2030-05-01:19:30/room/draw":
			_, _ = w.Write(raw)
		case "/v1/events/hall:2030-05-01:19:30/room/entrants":
			_, _ = w.Write([]byte(text))
		default:
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`{"status":404,"code":"no_waiting_room","title":"No waiting room"}`))
		}
	}))
	defer srv.Close()
	var out, errs lockedText
	if code := run(t.Context(), []string{"verify-draw", "--server", srv.URL + "/", "--event", "hall:2030-05-01:19:30", "--json"}, nil, &out, &errs); code != 0 {
		t.Errorf("exit code %d: %s (asked for %q)", code, &errs, asked)
	}
	if !strings.HasPrefix(out.String(), `{"ok":true,"entrants":20,`) {
		t.Errorf("said %s", &out)
	}
	if code := run(t.Context(), []string{"verify-draw", "--server", srv.URL, "--event", "other"}, nil, &out, &errs); code != exitFailed || !strings.Contains(errs.String(), "404 no_waiting_room") {
		t.Errorf("exit code %d: %s", code, &errs)
	}
}
