package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/klauspost/compress/zstd"

	"github.com/usherhq/usher/engine/chart"
	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/shard"
)

// ChartInfo says what is in a stored chart.
type ChartInfo struct {
	ChartID    string `json:"chart_id"`
	Seats      int    `json:"seats"`
	Sections   int    `json:"sections"`
	Categories int    `json:"categories"`
	Areas      int    `json:"areas"`
	SHA256     string `json:"sha256"` // hex, of the canonical JSON
}

// chunkBytes is how much of a chart's document one command carries.
const chunkBytes = 64 << 10

// PutChart validates a chart, gives it a layout where it has none, and stores it under
// an id, in place of the chart that had it; events keep the one they were made with.
// created is false when the id stands for this very chart already. A bad chart is a
// *chart.BadChart that lists every problem. c is changed by the layout.
func (e *Engine) PutChart(ctx context.Context, chartID string, c *chart.Chart) (info ChartInfo, created bool, err error) {
	if !chart.IsID(chartID) {
		return info, false, badID("chart_id", chartID)
	}
	if err := c.Validate(); err != nil {
		return info, false, err
	}
	c.Layout()
	canonical := c.Encode()
	sum := chart.Sum(canonical)
	if err := e.sendChart(ctx, 0, packChart(sum, uint32(c.Seats()), canonical)); err != nil {
		return info, false, err
	}
	r := raftfsm.NewRequest()
	r.Cmd.Op = raftfsm.OpNameChart
	r.Cmd.Name = raftfsm.NameChart{ChartID: chartID, Sum: sum}
	res, err := e.propose(ctx, 0, r, true)
	if err == nil {
		err = res.Err
	}
	return chartInfo(chartID, c, sum), res.Count == 1, err
}

func chartInfo(id string, c *chart.Chart, sum [32]byte) ChartInfo {
	return ChartInfo{
		ChartID: id, Seats: c.Seats(), Sections: len(c.Sections), Categories: len(c.Categories),
		Areas: len(c.Areas), SHA256: hex.EncodeToString(sum[:]),
	}
}

// packChart makes the document that travels through the log.
func packChart(sum [32]byte, seats uint32, canonical []byte) *shard.Chart {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err) // only bad options are an error
	}
	data := z.EncodeAll(canonical, nil)
	return &shard.Chart{Sum: sum, Blob: sha256.Sum256(data), Seats: seats, Size: uint32(len(data)), Data: data}
}

// sendChart brings a chart into a group's log, if it is not there, piece by piece.
func (e *Engine) sendChart(ctx context.Context, group int, c *shard.Chart) error {
	for off := uint32(0); off < c.Size; off += chunkBytes {
		if e.hasChart(group, c.Sum) {
			return nil
		}
		r := raftfsm.NewRequest()
		r.Cmd.Op = raftfsm.OpChartChunk
		r.Cmd.Chunk = shard.ChartChunk{
			Sum: c.Sum, Blob: c.Blob, Seats: c.Seats, Size: c.Size, Offset: off, Data: c.Data[off:min(off+chunkBytes, c.Size)],
		}
		res, err := e.propose(ctx, group, r, true)
		if err == nil {
			err = res.Err
		}
		if err != nil {
			return fmt.Errorf("usher: chart %x into group %d: %w", c.Sum[:4], group, err)
		}
	}
	return nil
}

func (e *Engine) hasChart(group int, sum [32]byte) (has bool) {
	if group == 0 {
		_ = e.reader(0).ViewDirectory(func(d *raftfsm.Directory) { has = d.Chart(sum) != nil })
		return has // a halted replica says no, and the proposal after it says why
	}
	_ = e.reader(group).View(func(s *shard.State) {
		c := s.Charts.Get(sum)
		has = c != nil && c.Complete()
	})
	return has
}

// Chart returns the canonical JSON of the chart that chartID stands for now or, with
// sha256 (hex), of that one among all it ever stood for. The bytes are the caller's.
func (e *Engine) Chart(ctx context.Context, chartID, sha256 string) (canonical []byte, info ChartInfo, err error) {
	sum, err := e.chartSum(ctx, chartID, sha256)
	if err != nil {
		return nil, info, err
	}
	x, err := e.chartIndex(sum)
	if err != nil {
		return nil, info, err
	}
	canonical, err = e.chartDocument(sum)
	return canonical, chartInfo(chartID, x.Chart(), sum), err
}

// chartSum finds a chart by its id and, if it is given, its sum.
func (e *Engine) chartSum(ctx context.Context, chartID, hexSum string) (sum [32]byte, err error) {
	if err := e.Ready(); err != nil {
		return sum, err
	}
	if err := e.settle(ctx, 0); err != nil {
		return sum, err
	}
	err = e.sure(ctx, 0, func() error {
		sum, err = e.localSum(chartID, hexSum)
		return err
	})
	return sum, err
}

func (e *Engine) localSum(chartID, hexSum string) (sum [32]byte, err error) {
	var versions [][32]byte
	if err = e.reader(0).ViewDirectory(func(d *raftfsm.Directory) { versions = d.ChartVersions(chartID) }); err != nil {
		return sum, err
	}
	for i := len(versions) - 1; i >= 0; i-- {
		if hexSum == "" || hex.EncodeToString(versions[i][:]) == hexSum {
			return versions[i], nil
		}
	}
	if hexSum != "" {
		return sum, fmt.Errorf("%w: %s was never the one with sha256 %s", ErrUnknownChart, chartID, hexSum)
	}
	return sum, fmt.Errorf("%w: %s", ErrUnknownChart, chartID)
}

// chartDocument reads a chart's canonical JSON from the directory.
func (e *Engine) chartDocument(sum [32]byte) ([]byte, error) {
	var packed []byte
	if err := e.reader(0).ViewDirectory(func(d *raftfsm.Directory) {
		if c := d.Chart(sum); c != nil {
			packed = c.Data // never changes in place
		}
	}); err != nil {
		return nil, err
	}
	if packed == nil {
		return nil, ErrUnknownChart
	}
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<30))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	canonical, err := z.DecodeAll(packed, nil)
	if err == nil && chart.Sum(canonical) != sum {
		err = fmt.Errorf("%w: chart %x has another sum", ErrDamaged, sum[:4])
	}
	return canonical, err
}

// chartIndex is the chart, ready for look-ups.
func (e *Engine) chartIndex(sum [32]byte) (*chart.Index, error) {
	if x, ok := e.catalogue.charts.Load(sum); ok {
		return x.(*chart.Index), nil
	}
	canonical, err := e.chartDocument(sum)
	if err != nil {
		return nil, err
	}
	c, err := chart.Decode(canonical)
	if err != nil {
		return nil, fmt.Errorf("%w: chart %x: %w", ErrDamaged, sum[:4], err)
	}
	x, _ := e.catalogue.charts.LoadOrStore(sum, chart.NewIndex(c))
	return x.(*chart.Index), nil
}
