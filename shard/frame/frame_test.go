package frame

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

var errBad = errors.New("bad")

// written is two frames with something of everything.
func written(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(&b)
	w.Begin(3)
	w.U8(200)
	w.U16(60_000)
	w.U32(1 << 31)
	w.U64(1 << 63)
	w.I64(-5)
	w.Flag(true)
	w.Flag(false)
	w.Str([]byte("a name"))
	w.U32s([]uint32{7, 0, 9})
	w.Raw([]byte{1, 2})
	w.End()
	w.Begin(4)
	w.End()
	if w.Err != nil || w.Written() != int64(b.Len()) {
		t.Fatalf("%v, %d of %d bytes", w.Err, w.Written(), b.Len())
	}
	return b.Bytes()
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	in := bytes.NewReader(append(written(t), "behind"...))
	r := NewReader(in, 1000, errBad)
	if k := r.Read(); k != 3 {
		t.Fatalf("kind %d, %v", k, r.Err)
	}
	if a, b, c, d, e := r.U8(), r.U16(), r.U32(), r.U64(), r.I64(); a != 200 || b != 60_000 || c != 1<<31 || d != 1<<63 || e != -5 {
		t.Error(a, b, c, d, e)
	}
	if a, b, s := r.Flag(), r.Flag(), r.Str(6); !a || b || string(s) != "a name" {
		t.Error(a, b, s)
	}
	if list, raw := r.U32s(3), r.Take(2); !slices.Equal(list, []uint32{7, 0, 9}) || !bytes.Equal(raw, []byte{1, 2}) {
		t.Error(list, raw)
	}
	r.Done()
	if k := r.Read(); k != 4 {
		t.Errorf("kind %d", k)
	}
	r.Done()
	if r.Err != nil || in.Len() != len("behind") {
		t.Errorf("%v, %d bytes left", r.Err, in.Len())
	}
}

func TestDamageIsFound(t *testing.T) {
	b := written(t)
	read := func(b []byte) error {
		r := NewReader(bytes.NewReader(b), 1000, errBad)
		r.Read()
		r.Read()
		return r.Err
	}
	if err := read(b); err != nil {
		t.Fatal(err)
	}
	for at := range b {
		for bit := range 8 {
			b[at] ^= 1 << bit
			if err := read(b); !errors.Is(err, errBad) {
				t.Fatalf("bit %d of byte %d: %v", bit, at, err)
			}
			b[at] ^= 1 << bit
		}
		if err := read(b[:at]); !errors.Is(err, errBad) {
			t.Fatalf("cut at %d: %v", at, err)
		}
	}
}

func TestFieldsThatCannotBe(t *testing.T) {
	for want, read := range map[string]func(r *Reader){
		"too short":             func(r *Reader) { r.U64(); r.U64() },
		"bytes too many":        func(r *Reader) { r.U8(); r.Done() },
		"where yes or no":       func(r *Reader) { r.Flag() },
		"bytes where 2":         func(r *Reader) { r.Str(2) },
		"numbers where 2":       func(r *Reader) { r.U32s(2) },
		"frame 5 of kind 9 aft": func(r *Reader) { r.InOrder(5); r.InOrder(5) },
		"mine":                  func(r *Reader) { r.Fail("mine"); r.Fail("not this") },
	} {
		var b bytes.Buffer
		w := NewWriter(&b)
		w.Begin(9)
		w.U32(3)
		w.U32(0)
		w.End()
		r := NewReader(&b, 100, errBad)
		r.Read()
		read(r)
		if !errors.Is(r.Err, errBad) || !strings.Contains(r.Err.Error(), want) {
			t.Errorf("%q: %v", want, r.Err)
		}
		if r.U32() != 0 || r.Str(9) != nil || r.U32s(9) != nil || r.Read() != 0 {
			t.Errorf("%q: something is read behind the error", want)
		}
	}
}

// A length that lies must not cost memory, and one above the limit is refused at once.
func TestALengthThatLies(t *testing.T) {
	head := []byte{1, 0, 0, 0, 4} // 64 MiB, and then nothing
	if n := testing.AllocsPerRun(3, func() {
		r := NewReader(bytes.NewReader(head), 1<<30, errBad)
		r.Read()
		if cap(r.all) > 4<<20 || !errors.Is(r.Err, errBad) {
			t.Fatalf("%d bytes taken, %v", cap(r.all), r.Err)
		}
	}); n > 50 {
		t.Errorf("%v allocations", n)
	}
	r := NewReader(bytes.NewReader(head), 1000, errBad)
	if r.Read(); r.Err == nil || !strings.Contains(r.Err.Error(), "a frame of 67108864 bytes") {
		t.Error(r.Err)
	}
}

// broken takes so many frames.
type broken struct{ frames int }

func (b *broken) Write(p []byte) (int, error) {
	if b.frames--; b.frames < 0 {
		return 3, io.ErrShortWrite
	}
	return len(p), nil
}

func TestNothingIsWrittenAfterAnError(t *testing.T) {
	w := NewWriter(&broken{1})
	for range 4 {
		w.Begin(1)
		w.U8(1)
		w.End()
	}
	if w.Err != io.ErrShortWrite || w.Written() != 10+3 {
		t.Errorf("%v after %d bytes", w.Err, w.Written())
	}
}

// MixBytes tells texts apart that differ in length or in any one place.
func TestMixBytesTellsApart(t *testing.T) {
	seen := map[uint64][]byte{}
	for n := range 40 {
		for at := -1; at < n; at++ {
			b := make([]byte, n)
			if at >= 0 {
				b[at] = 1
			}
			h := MixBytes(K2, b)
			if other, twice := seen[h]; twice {
				t.Errorf("%v and %v have one sum", b, other)
			}
			seen[h] = b
		}
	}
}
