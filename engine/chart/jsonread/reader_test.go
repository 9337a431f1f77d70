package jsonread

import (
	"strings"
	"testing"
)

type thing struct {
	name, key string
	parts     []thing
}

func readThing(r *Reader, t *thing) {
	Object(r, []Field[thing]{
		Need("name", func(r *Reader, t *thing) { t.name = r.Text() }),
		May("key", func(r *Reader, t *thing) { t.key = r.Label() }),
		May("parts", func(r *Reader, t *thing) { t.parts = List(r, readThing) }),
	}, t)
}

func TestLenientSkipsWhatItDoesNotKnow(t *testing.T) {
	const doc = ` {"x":{"name":[1,{"a":"}]"}],"y":-1.5e3},"key":7,"name":"a\\\"b","parts":[{"name":"p","key":"7","z":null},{"name":"q","key":1e2}]} `
	r, p := New([]byte(doc), true)
	if p != nil {
		t.Fatal(p)
	}
	if !r.Has("key") || !r.Has("parts") || r.Has("a") || r.Has("y") {
		t.Error("Has looks in the wrong place")
	}
	var got thing
	readThing(r, &got)
	if len(r.Problems()) > 0 || got.name != `a\"b` || got.key != "7" || len(got.parts) != 2 || got.parts[0].key != "7" || got.parts[1].key != "1e2" {
		t.Errorf("%+v, %v", got, r.Problems())
	}
}

func TestPlaces(t *testing.T) {
	r, _ := New([]byte(`{"name":1,"parts":[{"name":"p","what":1},{"parts":[true,{"name":null}]}],"key":[]}`), false)
	var got thing
	readThing(r, &got)
	want := []Problem{
		{"name", "must be a string, not a number"},
		{"parts[0].what", "is not a known field"},
		{"parts[1].parts[0]", "must be an object, not true"},
		{"parts[1].parts[1].name", "must not be null"},
		{"parts[1].name", "is missing"},
		{"key", "must be a string or a number, not a list"},
	}
	for i, p := range r.Problems() {
		if i >= len(want) || p != want[i] {
			t.Errorf("problem %d is %v", i, p)
		}
	}
	if len(r.Problems()) != len(want) {
		t.Errorf("%d problems, want %d", len(r.Problems()), len(want))
	}
}

// Texts that share memory must be told apart when one begins like the other, or ends in an escape.
func TestSharedTexts(t *testing.T) {
	r, _ := New([]byte(`["a","a","ab","a","a\"","a\"","a\\","a\\","a\\b"]`), false)
	got := List(r, func(r *Reader, s *string) { *s = r.Shared() })
	want := []string{"a", "a", "ab", "a", `a"`, `a"`, `a\`, `a\`, `a\b`}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%q", got)
	}
}

func TestElementsAreBounded(t *testing.T) {
	r, _ := New([]byte("["+strings.Repeat("0,", MaxElements+10)+"0]"), false)
	got := List(r, func(r *Reader, b *byte) { r.Whole() })
	if len(got) != MaxElements || len(r.Problems()) != 1 {
		t.Errorf("%d elements, problems %v", len(got), r.Problems())
	}
}
