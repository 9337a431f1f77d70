package chart

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"testing"
)

// The identity of charts already stored rests on these bytes: they must never change.
func TestCanonicalBytesAreGolden(t *testing.T) {
	c, err := Decode([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(c.Encode()); got != small {
		t.Errorf("got  %s\nwant %s", got, small)
	}
	sum := Sum(c.Encode())
	if got, want := hex.EncodeToString(sum[:]), "05b7cb50c52f90ce2f5bea5edacfdb95c778c72e304203a116a324a3b1682951"; got != want {
		t.Errorf("sum %s, want %s", got, want)
	}
}

func TestEmptyChart(t *testing.T) {
	if got, want := string(new(Chart).Encode()), `{"name":"","categories":[],"sections":[],"areas":[]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCoordinatesAreRoundedOnce(t *testing.T) {
	for v, want := range map[float64]string{
		0.005: "0.01", 1.004999: "1", -0.001: "0", math.Copysign(0, -1): "0", 1e9: "1000000000", -123456.785: "-123456.79", 2.675: "2.68", 0.1 + 0.2: "0.3", 999999999.99: "999999999.99",
	} {
		e := encoder("{")
		e.coordinate("x", &v)
		if got := string(e); got != `{"x":`+want {
			t.Errorf("%v: got %s, want %s", v, got, want)
		}
		if Round(Round(v)) != Round(v) {
			t.Errorf("%v is rounded again", v)
		}
	}
	e := encoder("{")
	nan := math.NaN()
	if e.coordinate("x", &nan); string(e) != "{" {
		t.Errorf("NaN is written: %s", e)
	}
}

func TestTextComesBack(t *testing.T) {
	for _, s := range []string{`a"b\c`, "tab\tnew\nline\x00\x1f\x7f", "Zürich <&> 日本\u2028", "😀"} {
		e := encoder(nil)
		e.quote(s)
		var back string
		if err := json.Unmarshal(e, &back); err != nil || back != s {
			t.Errorf("%q became %q as %s: %v", s, back, e, err)
		}
	}
	e := encoder(nil)
	if e.quote("a\xffb"); string(e) != "\"a\ufffdb\"" {
		t.Errorf("got %s", e)
	}
}

// FuzzDecode: no text makes Decode panic, a refusal names problems, and a chart that decodes keeps its bytes; with a layout, too.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(small))
	f.Add(made(90, numbered).Encode())
	f.Add([]byte(`{"sections":[{"name":"S","rows":[{"name":"\u00e9\\","seats":[{"seat_id":"a","number":"1","category":"\\","x":1e3,"y":-0.0}]}]}],"x":[{"y":null}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Decode(data)
		if err != nil {
			if bad, ok := err.(*BadChart); !ok || len(bad.Problems) == 0 || c != nil {
				t.Fatalf("refused with %v, %v", c, err)
			}
			return
		}
		keepsBytes(t, c)
		valid := c.Validate() == nil
		c.Layout()
		keepsBytes(t, c)
		if err := c.Validate(); valid && err != nil {
			t.Fatalf("the layout spoilt a valid chart: %v", err)
		}
		NewIndex(c)
	})
}

func keepsBytes(t *testing.T, c *Chart) {
	t.Helper()
	first := c.Encode()
	again, err := Decode(first)
	if err != nil {
		t.Fatalf("%v in %s", err, first)
	}
	if second := again.Encode(); string(first) != string(second) {
		t.Fatalf("changed on its way:\n%s\n%s", first, second)
	}
}
