package shard

import (
	"bytes"
	"crypto/sha256"
	"testing"
)

var chartDoc = []byte("a chart's packed document")

// piece is the bytes from…to of chartDoc as a chunk.
func piece(from, to int) *ChartChunk {
	return &ChartChunk{
		Sum: [32]byte{9}, Blob: sha256.Sum256(chartDoc), Seats: 7, Size: uint32(len(chartDoc)),
		Offset: uint32(from), Data: bytes.Clone(chartDoc[from:to]),
	}
}

func TestChartInChunks(t *testing.T) {
	var c Charts
	n := len(chartDoc)
	for i, step := range []struct {
		chunk *ChartChunk
		want  error
		have  int
	}{
		{piece(10, n), ErrBadChunk, -1}, // out of order: nothing announced yet
		{piece(0, 10), nil, 10},
		{piece(0, 10), nil, 10}, // a retry
		{piece(3, 9), nil, 10},
		{piece(15, n), ErrBadChunk, 10}, // a gap
		{piece(5, 15), ErrBadChunk, 10}, // an overlap that continues is no retry
		{piece(10, 15), nil, 15},
		{piece(10, 15), nil, 15},
		{piece(15, n), nil, n},
		{piece(15, n), nil, n},
		{piece(3, 20), nil, n}, // complete: whatever comes is a retry
	} {
		if err := c.Put(step.chunk); err != step.want {
			t.Fatalf("step %d: %v, want %v", i, err, step.want)
		}
		switch ch := c.Get([32]byte{9}); {
		case ch == nil && step.have != -1, ch != nil && len(ch.Data) != step.have:
			t.Fatalf("step %d: have %+v, want %d bytes", i, ch, step.have)
		case ch != nil && ch.Complete() != (step.have == n):
			t.Fatalf("step %d: complete is %v", i, ch.Complete())
		}
	}
	if !bytes.Equal(c.Get([32]byte{9}).Data, chartDoc) || c.Len() != 1 {
		t.Fatal("the document is another")
	}
}

func TestChartRefusals(t *testing.T) {
	for name, change := range map[string]func(c *ChartChunk){
		"too many seats": func(c *ChartChunk) { c.Seats = MaxSeats + 1 },
		"no bytes":       func(c *ChartChunk) { c.Size = 0 },
		"too many bytes": func(c *ChartChunk) { c.Size = MaxChartBytes + 1 },
		"beyond its end": func(c *ChartChunk) { c.Offset = c.Size },
		"wraps around":   func(c *ChartChunk) { c.Offset = ^uint32(0) },
	} {
		t.Run(name, func(t *testing.T) {
			s := New()
			c := piece(0, 10)
			change(c)
			if err := s.PutChart(c); err != ErrBadRequest || s.Charts.Len() != 0 {
				t.Fatalf("%v, %d charts", err, s.Charts.Len())
			}
		})
	}
}

// Wrong bytes are found when the last one is there, and the chart can begin again.
func TestChartOfWrongBytes(t *testing.T) {
	var c Charts
	other := &ChartChunk{Sum: [32]byte{1}, Blob: sha256.Sum256([]byte("x")), Size: 1, Data: []byte("x")}
	bad := piece(0, 10)
	bad.Data[4] ^= 1
	for _, chunk := range []*ChartChunk{bad, other} {
		if err := c.Put(chunk); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Put(piece(10, len(chartDoc))); err != ErrBadChunk {
		t.Fatalf("got %v", err)
	}
	if c.Get([32]byte{9}) != nil || c.Get([32]byte{1}) == nil || c.Len() != 1 {
		t.Fatal("the wrong chart is still there, or the right one is not")
	}
	if err := c.Put(piece(0, len(chartDoc))); err != nil || !c.Get([32]byte{9}).Complete() {
		t.Fatalf("beginning again: %v", err)
	}
}

// Another packing of the same chart starts over, as long as none is complete.
func TestChartPackedOtherwise(t *testing.T) {
	var c Charts
	if err := c.Put(piece(0, 10)); err != nil {
		t.Fatal(err)
	}
	doc := []byte("shorter")
	if err := c.Put(&ChartChunk{Sum: [32]byte{9}, Blob: sha256.Sum256(doc), Seats: 7, Size: uint32(len(doc)), Data: doc}); err != nil {
		t.Fatal(err)
	}
	if ch := c.Get([32]byte{9}); !ch.Complete() || string(ch.Data) != "shorter" {
		t.Fatalf("chart is %+v", ch)
	}
}

// What Freeze gave stays as it was while chunks go on coming.
func TestChartFrozenWhileGrowing(t *testing.T) {
	s := New()
	if err := s.PutChart(piece(0, 10)); err != nil {
		t.Fatal(err)
	}
	z := s.Freeze()
	want := frozenBytes(t, z)
	if err := s.PutChart(piece(10, len(chartDoc))); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(frozenBytes(t, z), want) {
		t.Fatal("the frozen chart changed")
	}
	half := restored(t, want)
	if err := half.PutChart(piece(10, len(chartDoc))); err != nil || half.Digest() != s.Digest() {
		t.Fatalf("continuing from the snapshot: %v, digests %x and %x", err, half.Digest(), s.Digest())
	}
}
