package raftfsm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/usherhq/usher/shard"
)

// The directory's snapshot is the shortest log that leads to it: entries in the log's
// own format, each behind its length (4 bytes), an empty length, and the digest.

const (
	directoryMagic    = "USHERDIR\x01"
	directoryMagicEra = "USHERDIR\x02" // since a restore
)

// chunkBytes is how much of a chart one command carries.
const chunkBytes = 64 << 10

// frozenDirectory is a directory as it was at one moment.
type frozenDirectory struct {
	groups int
	time   int64
	charts []*shard.Chart
	names  []ChartVersion
	events []*Placement
	nodes  membership
	era    directoryEra
}

func (m *directoryMachine) freeze() io.WriterTo { return m.dir.freeze() }

func (d *Directory) freeze() *frozenDirectory {
	return &frozenDirectory{
		groups: d.groups, time: d.time, charts: d.charts.Freeze(),
		names: slices.Clip(d.names), events: slices.Clip(d.events), nodes: d.membership, era: d.era,
	}
}

// digest is made from the snapshot's own bytes: the directory is small and seldom asked.
func (m *directoryMachine) digest() uint64 {
	h := xxhash.New()
	w := &entryWriter{w: h}
	m.dir.freeze().write(w)
	return h.Sum64()
}

func (m *directoryMachine) check() error {
	d := m.dir
	if len(d.byID) != len(d.events) {
		return fmt.Errorf("%d event ids for %d placements", len(d.byID), len(d.events))
	}
	load := make([]int, d.groups+1)
	for i, p := range d.events {
		if d.byID[p.Create.ID] != i {
			return fmt.Errorf("event %s is placement %d, its id leads to %d", p.Create.ID, i, d.byID[p.Create.ID])
		}
		if p.Series != "" && d.series[p.Series] != p.Group {
			return fmt.Errorf("event %s of series %s is in group %d, the series in %d", p.Create.ID, p.Series, p.Group, d.series[p.Series])
		}
		load[p.Group]++
	}
	if !slices.Equal(load, d.load) {
		return fmt.Errorf("events by group are %v, recounted %v", d.load, load)
	}
	return d.checkMembers()
}

// WriteTo writes the snapshot.
func (z *frozenDirectory) WriteTo(w io.Writer) (int64, error) {
	h := xxhash.New()
	e := &entryWriter{w: io.MultiWriter(w, h)}
	z.write(e)
	if e.err != nil {
		return e.n, e.err
	}
	tail := binary.LittleEndian.AppendUint64([]byte{0, 0, 0, 0}, h.Sum64())
	n, err := w.Write(tail)
	return e.n + int64(n), err
}

func (z *frozenDirectory) write(e *entryWriter) {
	e.raw([]byte(z.era.magic()))
	e.raw(binary.LittleEndian.AppendUint32(nil, uint32(z.groups)))
	z.era.write(e)
	for _, ch := range z.charts {
		for off := 0; off == 0 || off < len(ch.Data); off += chunkBytes {
			e.entry(z.time, 0, &Command{Op: OpChartChunk, Chunk: shard.ChartChunk{
				Sum: ch.Sum, Blob: ch.Blob, Seats: ch.Seats, Size: ch.Size, Offset: uint32(off),
				Data: ch.Data[off:min(off+chunkBytes, len(ch.Data))],
			}})
		}
	}
	for i := range z.names {
		e.entry(z.time, 0, &Command{Op: OpNameChart, Name: NameChart(z.names[i])})
	}
	for _, p := range z.events {
		// The group is told by the origin's place: it was chosen once, from the load then.
		e.entry(p.PlacedAt, uint64(p.Group), &Command{Op: PlaceOp(&p.PlaceEvent), Place: p.PlaceEvent})
		if p.Active {
			e.entry(p.PlacedAt, 0, &Command{Op: OpActivateEvent, Activate: ActivateEvent{p.Create.ID}})
		}
	}
	if !z.nodes.cluster.IsZero() || z.nodes.version != 0 {
		e.entry(z.time, 0, &Command{Op: OpMembership, membership: &z.nodes})
	}
	e.entry(z.time, 0, &Command{Op: OpTick})
}

type entryWriter struct {
	w   io.Writer
	n   int64
	buf []byte
	err error
}

func (e *entryWriter) raw(b []byte) {
	if e.err == nil {
		var n int
		n, e.err = e.w.Write(b)
		e.n += int64(n)
	}
}

func (e *entryWriter) entry(stamp int64, group uint64, c *Command) {
	e.buf = endEntry(AppendCommand(beginEntry(e.buf), c), entryHead{Stamp: stamp, Origin: group, Count: 1})
	e.raw(binary.LittleEndian.AppendUint32(nil, uint32(len(e.buf))))
	e.raw(e.buf)
}

// restoreDirectory reads a snapshot; errors wrap shard.ErrBadSnapshot.
func restoreDirectory(r io.Reader, groups int) (*Directory, error) {
	h := xxhash.New()
	in := &directoryReader{r: r, h: h}
	magic := string(in.take(len(directoryMagic)))
	if magic != directoryMagic && magic != directoryMagicEra {
		return nil, in.bad(errors.New("this is no directory snapshot of a version this program reads"))
	}
	if n := in.u32(); in.err == nil && int(n) != groups {
		return nil, in.bad(fmt.Errorf("it is of a node with %d groups, this one has %d", n, groups))
	}
	m := &directoryMachine{newDirectory(groups)}
	if magic == directoryMagicEra {
		m.dir.era.read(in)
	}
	for in.err == nil {
		sum := h.Sum64()
		n := in.u32()
		if in.err == nil && n == 0 {
			if got := binary.LittleEndian.Uint64(append(in.take(8), make([]byte, 8)...)); in.err == nil && got != sum {
				in.err = fmt.Errorf("the digest is %016x, recomputed %016x", got, sum)
			}
			break
		}
		if n > MaxEntry {
			in.err = fmt.Errorf("an entry of %d bytes", n)
			break
		}
		in.entry(m, in.take(int(n)))
	}
	if in.err == nil {
		in.err = errors.Join(in.end(), m.check())
	}
	if in.err != nil {
		return nil, in.bad(in.err)
	}
	return m.dir, nil
}

type directoryReader struct {
	r   io.Reader
	h   *xxhash.Digest
	off int64
	err error
}

func (in *directoryReader) bad(err error) error {
	if in.err != nil {
		err = in.err
	}
	return fmt.Errorf("%w: directory, at byte %d: %w", shard.ErrBadSnapshot, in.off, err)
}

func (in *directoryReader) take(n int) []byte {
	if in.err != nil {
		return nil
	}
	b := make([]byte, n)
	if _, in.err = io.ReadFull(in.r, b); in.err != nil {
		return nil
	}
	in.off += int64(n)
	_, _ = in.h.Write(b) // a hash does not fail
	return b
}

// end wants nothing more.
func (in *directoryReader) end() error {
	if n, err := io.ReadFull(in.r, make([]byte, 1)); n != 0 || err != io.EOF {
		return fmt.Errorf("something follows the digest: %v", err)
	}
	return nil
}

func (in *directoryReader) u32() uint32 {
	if b := in.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// entry applies one entry of the snapshot.
func (in *directoryReader) entry(m *directoryMachine, data []byte) {
	if in.err != nil {
		return
	}
	var r entryReader
	var c Command
	if in.err = r.open(data); in.err != nil {
		return
	}
	for r.next(&c) {
		var out Result
		now := m.advance(r.head.Stamp)
		if c.Op == OpMembership {
			m.dir.membership = *c.membership
			continue
		}
		if c.Op == OpPlaceEvent || c.Op == OpPlaceRuled {
			if g := r.head.Origin; g == 0 || g > uint64(m.dir.groups) || m.dir.Placement(c.Place.Create.ID) != nil {
				in.err = fmt.Errorf("event %s in group %d", c.Place.Create.ID, g)
				return
			}
			c.Place.Create.Meta = slices.Clone(c.Place.Create.Meta)
			m.dir.addPlacement(&Placement{PlaceEvent: c.Place, Group: uint16(r.head.Origin), PlacedAt: r.head.Stamp})
			continue
		}
		if !m.apply(now, &c, &out) || out.Err != nil {
			in.err = fmt.Errorf("command %d: %w", c.Op, errors.Join(out.Err, r.err))
			return
		}
	}
	in.err = r.err
}
