package transport

import (
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/usherhq/usher/engine"
)

func TestOperatorsChangeTheCluster(t *testing.T) {
	h := newHouse(t, 4)
	ops := h.server.OpsHandler()
	post := func(path string, header bool) (int, string) {
		r := httptest.NewRequest("POST", path, nil)
		if header {
			r.Header.Set(OperatorHeader, "test")
		}
		w := httptest.NewRecorder()
		ops.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	if code, body := get(t, ops, "/cluster"); code != 200 || !slices.Contains([]string{body[:1]}, "{") {
		t.Errorf("status %d %s", code, body)
	}
	for _, c := range []struct {
		path string
		code int
		note string
	}{
		{"/cluster/nodes/n4/add?during_sales=true", 200, "add n4 during_sales=true force=false"},
		{"/cluster/nodes/n4/drain", 200, "drain n4 during_sales=false force=false"},
		{"/cluster/nodes/n4/remove?force=true", 200, "remove n4 during_sales=false force=true"},
		{"/cluster/transfer?group=3&to=n2", 200, "transfer 3  n2"},
		{"/cluster/transfer?from=n1", 200, "transfer -1 n1 "},
		{"/cluster/transfer?group=x", 400, ""},
		{"/cluster/nodes/n4/remove?force=maybe", 400, ""},
	} {
		h.fake.asked = nil
		code, body := post(c.path, true)
		if code != c.code || (c.note != "") != (len(h.fake.asked) == 1) || c.note != "" && h.fake.asked[0] != c.note {
			t.Errorf("%s: %d %s, asked %q", c.path, code, body, h.fake.asked)
		}
	}
	h.fake.asked = nil
	if code, _ := post("/cluster/nodes/n4/remove", false); code != 400 || len(h.fake.asked) != 0 {
		t.Errorf("a page in an operator's browser removed a node: %d %q", code, h.fake.asked)
	}
	for err, code := range map[error]int{errNoRoom: 409, engine.ErrUnknownNode: 404, engine.ErrNodeRemoved: 409, engine.ErrNoQuorum: 503} {
		h.fake.fakeCluster.err = err
		if got, body := post("/cluster/nodes/n9/drain", true); got != code {
			t.Errorf("%v: %d %s", err, got, body)
		}
	}
}
