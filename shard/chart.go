package shard

import (
	"bytes"
	"crypto/sha256"
	"errors"
)

// Chart is a seat map that has entered the log, as an opaque document. The state
// machine itself only needs to know how many seats it numbers.
type Chart struct {
	Sum   [32]byte // identity: SHA-256 of the canonical document
	Blob  [32]byte // SHA-256 of Data when complete
	Seats uint32
	Size  uint32 // bytes of Data when complete
	Data  []byte // the packed document; grows by chunks, never changes in place
}

// Complete tells whether every byte has arrived and been verified.
func (c *Chart) Complete() bool { return len(c.Data) == int(c.Size) }

// Charts are the charts of a log, in the order in which they came.
type Charts struct {
	list  []*Chart
	bySum map[[32]byte]int
}

// ErrBadChunk: a chart's chunk that does not continue what has arrived, or a document
// whose bytes are not those announced.
var ErrBadChunk = errors.New("usher: the chart's bytes do not fit what was announced")

// ChartChunk is one piece of a chart's document. The first piece (Offset 0) announces
// the chart; pieces that have arrived already are ignored, so retries are harmless.
type ChartChunk struct {
	Sum, Blob [32]byte
	Seats     uint32
	Size      uint32
	Offset    uint32
	Data      []byte
}

// Get returns the chart with that identity, complete or not, or nil.
func (c *Charts) Get(sum [32]byte) *Chart {
	if i, ok := c.bySum[sum]; ok {
		return c.list[i]
	}
	return nil
}

// Len is the number of charts.
func (c *Charts) Len() int { return len(c.list) }

// Put takes a chunk.
func (c *Charts) Put(p *ChartChunk) error {
	if p.Seats > MaxSeats || p.Size == 0 || p.Size > MaxChartBytes || uint64(p.Offset)+uint64(len(p.Data)) > uint64(p.Size) {
		return ErrBadRequest
	}
	old := c.Get(p.Sum)
	if old != nil && old.Complete() {
		return nil
	}
	if old == nil || old.Blob != p.Blob {
		// Another packing of the same chart (a writer of another version) starts over.
		old = &Chart{Sum: p.Sum, Blob: p.Blob, Seats: p.Seats, Size: p.Size}
	}
	have := uint32(len(old.Data))
	if p.Offset+uint32(len(p.Data)) <= have && have > 0 {
		return nil
	}
	if p.Offset != have || p.Size != old.Size || p.Seats != old.Seats {
		return ErrBadChunk
	}
	next := *old
	next.Data = append(old.Data, p.Data...) // behind what a Frozen may be reading
	if next.Complete() && sha256.Sum256(next.Data) != next.Blob {
		c.drop(p.Sum)
		return ErrBadChunk
	}
	c.set(&next)
	return nil
}

func (c *Charts) set(ch *Chart) {
	if i, ok := c.bySum[ch.Sum]; ok {
		c.list[i] = ch
		return
	}
	if c.bySum == nil {
		c.bySum = make(map[[32]byte]int)
	}
	c.bySum[ch.Sum] = len(c.list)
	c.list = append(c.list, ch)
}

// drop forgets a chart whose bytes were wrong; what comes after it moves up.
func (c *Charts) drop(sum [32]byte) {
	i, ok := c.bySum[sum]
	if !ok {
		return
	}
	rest := append(append([]*Chart(nil), c.list[:i]...), c.list[i+1:]...)
	*c = Charts{}
	for _, ch := range rest {
		c.set(ch)
	}
}

// Freeze returns the charts as they are, for reading while c changes.
func (c *Charts) Freeze() []*Chart { return append([]*Chart(nil), c.list...) }

// RestoreCharts rebuilds Charts from what Freeze gave.
func RestoreCharts(list []*Chart) (Charts, error) {
	var c Charts
	for _, ch := range list {
		if c.Get(ch.Sum) != nil || len(ch.Data) > int(ch.Size) || ch.Seats > MaxSeats {
			return Charts{}, ErrBadChunk
		}
		if ch.Complete() {
			if sum := sha256.Sum256(ch.Data); !bytes.Equal(sum[:], ch.Blob[:]) {
				return Charts{}, ErrBadChunk
			}
		}
		c.set(ch)
	}
	return c, nil
}

// PutChart takes a chunk of a chart.
func (s *State) PutChart(c *ChartChunk) error { return s.Charts.Put(c) }
