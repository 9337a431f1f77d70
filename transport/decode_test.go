package transport

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
)

func TestDecodeWhatIsRight(t *testing.T) {
	f := readObject([]byte(` { "a" : "x\ny" , "l":[ "1" , "2" ],"n": -0, "o":{"p":{},"q":"\u00e9"}, "\u0061b":"c", "t":"2030-01-01T01:00:00+01:00" } `))
	o := f.object("o")
	got := []any{f.text("a"), f.texts("l"), f.whole("n", 0, 1), string(o.raw("p")), o.text("q"), f.optionalText("ab"),
		f.optionalTime("t").Format("15:04"), f.optionalText("absent"), f.optionalTime("absent"), f.optionalWhole("absent", 1, 2)}
	_ = o.done()
	if err := f.done(); err != nil {
		t.Fatal(err)
	}
	want := []any{"x\ny", []string{"1", "2"}, int64(0), "{}", "é", "c", "00:00", "", f.optionalTime("absent"), int64(0)}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v\nwant %#v", got, want)
	}
}

func TestDecodeDepthIsNoDanger(t *testing.T) {
	deep := `{"payment":` + strings.Repeat(`{"a":`, 9_000) + `1` + strings.Repeat(`}`, 9_000) + `}`
	f := readObject([]byte(deep))
	if f.raw("payment") == nil || f.done() != nil {
		t.Errorf("a deep value that nobody looks into: %v", f.done())
	}
	many := `{` + strings.TrimSuffix(strings.Repeat(`"":1,`, maxMembers+2), ",") + `}`
	if err := readObject([]byte(many)).done(); err == nil {
		t.Error("very many fields are accepted")
	}
}

func TestABodyMayBeNeitherSlowNorCutOff(t *testing.T) {
	problems := make(chan error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := readBody(w, r, 100, 50*time.Millisecond)
		problems <- err
	}))
	defer server.Close()
	for name, want := range map[string]string{"slow": "body_timeout", "cut off": "bad_request"} {
		c, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{")
		if name == "cut off" {
			_ = c.(*net.TCPConn).CloseWrite()
		}
		if p := problemOf(<-problems); p.code != want {
			t.Errorf("%s: %v, want %s", name, p, want)
		}
		c.Close()
	}
}

// FuzzBody holds the decoder to encoding/json: what it accepts is an object that
// encoding/json reads the same, and whatever it refuses is a 400 with a field.
func FuzzBody(f *testing.F) {
	for _, c := range badCalls {
		f.Add([]byte(c.body))
	}
	f.Add([]byte(reservation("s1", "s2")))
	f.Add([]byte(wants(`"best":{"quantity":2,"near":{"x":1,"y":-2.5}},"areas":[{"area_id":"pit","quantity":2}],"mode":"auto"`)))
	f.Add([]byte(ofItems(`{"event_id":"e","seat_ids":["a"],"expected":[{"seat_id":"a","version":3}],"if_version":9}`)))
	f.Add([]byte(`{"a":{"b":[{"c":"\ud800\""}]},"holder_id":"x"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		body := readObject(data)
		eventID, seats, holder := body.text("event_id"), body.texts("seat_ids"), body.text("holder_id")
		ttl := body.optionalWhole("ttl_seconds", 1, maxSeconds)
		err := body.done()
		var p *problem
		if err != nil {
			if !errors.As(err, &p) || p.status != 400 || p.extra["field"] == nil {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		var want struct {
			EventID string   `json:"event_id"`
			SeatIDs []string `json:"seat_ids"`
			Holder  string   `json:"holder_id"`
			TTL     int64    `json:"ttl_seconds"`
		}
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatalf("accepted what encoding/json refuses: %v", err)
		}
		same := eventID == want.EventID && holder == want.Holder && ttl == want.TTL && len(seats) == len(want.SeatIDs)
		for i := range seats {
			same = same && seats[i] == want.SeatIDs[i]
		}
		if !same {
			t.Fatalf("read %q %q %q %d, encoding/json %+v", eventID, seats, holder, ttl, want)
		}
	})
}

// FuzzReservation: a body is a reservation, or a 400 that names a field; and what is
// accepted is for one event or for several, and for something.
func FuzzReservation(f *testing.F) {
	for _, c := range badCalls {
		if c.path == "/v1/reservations" {
			f.Add([]byte(c.body))
		}
	}
	f.Add([]byte(wants(`"best":{"quantity":2,"near":{"x":1,"y":-2.5},"adjacent":false},"areas":[{"area_id":"pit","quantity":2}],"mode":"auto"`)))
	f.Add([]byte(ofItems(`{"event_id":"e","seat_ids":["a"],"expected":[{"seat_id":"a","version":3}],"if_version":9}`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		body := readObject(data)
		req := readReservation(body)
		if err := body.done(); err != nil {
			var p *problem
			if !errors.As(err, &p) || p.status != 400 || p.extra["field"] == nil {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		if !json.Valid(data) || (req.EventID == "") == (req.Items == nil) || req.HolderID == "" {
			t.Fatalf("accepted %+v", req)
		}
		items := req.Items
		if items == nil {
			items = []engine.ItemRequest{{SeatIDs: req.SeatIDs, Best: req.Best, Areas: req.Areas}}
		}
		for _, it := range items {
			if it.SeatIDs != nil && it.Best != nil || it.SeatIDs == nil && it.Best == nil && it.Areas == nil {
				t.Fatalf("accepted %+v", it)
			}
		}
	})
}
