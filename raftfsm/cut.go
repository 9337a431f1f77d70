package raftfsm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// cutLease is for how long groups may stand still for a backup; it takes some
	// milliseconds where all is well.
	cutLease = 5 * time.Second
	// cutTries are made when a group's leader is lost meanwhile.
	cutTries = 5
	cutPause = 500 * time.Millisecond // before another try: an election takes longer
)

// CutGroup is a group that a backup is made of, here or on another node: what leads it
// now. A coordinator calls Pause, then Open, then Resume, each after the one before it.
type CutGroup interface {
	// Pause has the group propose nothing, until Resume or for the lease, and returns when
	// all that it had proposed is applied.
	Pause(ctx context.Context, lease time.Duration) error
	// Open freezes the state, and fails if the pause has not lasted until then. The stream
	// is the group's snapshot, compressed, and may be read after Resume, at leisure.
	Open(ctx context.Context) (io.ReadCloser, GroupManifest, error)
	// Resume ends the pause; it may be called when there is none.
	Resume()
}

// Cut is the frozen states of all groups, taken while all of them stood still: nothing in
// one of them can follow from what another has not.
type Cut struct {
	Groups  []GroupManifest
	streams []io.ReadCloser
}

// TakeCut freezes all groups at one moment, and lets them go on before anything is read.
// find gives the groups' leaders as they are now, the directory's first; it is asked anew
// for each try. The cut is to be closed.
func TakeCut(ctx context.Context, find func() ([]CutGroup, error)) (*Cut, error) {
	var last error
	for try := range cutTries {
		if try > 0 && !sleep(ctx, cutPause) {
			break
		}
		groups, err := find()
		if err == nil {
			var c *Cut
			if c, err = cutOnce(ctx, groups); err == nil {
				return c, nil
			}
		}
		last = err
		if ctx.Err() != nil || errors.Is(err, ErrClosed) || errors.Is(err, ErrHalted) {
			break
		}
	}
	return nil, fmt.Errorf("usher: the groups could not be stopped together for a moment: %w", last)
}

// cutOnce is one try. Only when all groups have paused is the first of them frozen: so all
// states are those of that moment.
func cutOnce(ctx context.Context, groups []CutGroup) (*Cut, error) {
	ctx, cancel := context.WithTimeout(ctx, cutLease)
	defer cancel()
	c := &Cut{Groups: make([]GroupManifest, len(groups)), streams: make([]io.ReadCloser, len(groups))}
	err := pauseAll(ctx, groups)
	if err == nil {
		err = each(ctx, groups, func(ctx context.Context, i int, g CutGroup) (err error) {
			c.streams[i], c.Groups[i], err = g.Open(ctx)
			return err
		})
	}
	resumeAll(groups)
	for i, g := range c.Groups {
		if err == nil && g.Group != i {
			err = fmt.Errorf("asked for group %d, got group %d", i, g.Group)
		}
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// pauseAll waits for all answers, also when one group cannot be paused: who does not know that a
// group stands still cannot let it go on.
func pauseAll(ctx context.Context, groups []CutGroup) error {
	var all errgroup.Group
	for _, g := range groups {
		all.Go(func() error { return g.Pause(ctx, cutLease) })
	}
	return all.Wait()
}

// resumeAll has no group wait for the leader of another.
func resumeAll(groups []CutGroup) {
	var all sync.WaitGroup
	for _, g := range groups {
		all.Go(g.Resume)
	}
	all.Wait()
}

// each does the same with all groups at once.
func each(ctx context.Context, groups []CutGroup, do func(context.Context, int, CutGroup) error) error {
	all, ctx := errgroup.WithContext(ctx)
	for i, g := range groups {
		all.Go(func() error { return do(ctx, i, g) })
	}
	return all.Wait()
}

// Close gives the states free.
func (c *Cut) Close() error {
	var errs []error
	for i, s := range c.streams {
		if s != nil {
			errs = append(errs, s.Close())
		}
		c.streams[i] = nil
	}
	return errors.Join(errs...)
}

// WriteBackup writes the cut as a backup; m's groups are filled in. A state is given free
// as soon as it is written.
func (c *Cut) WriteBackup(w io.Writer, m Manifest) error {
	m.Groups = c.Groups
	groups := make([]io.WriterTo, len(c.streams))
	for i, s := range c.streams {
		groups[i] = streamWriter{s}
		c.streams[i] = nil
	}
	err := WriteBackup(w, m, groups)
	for _, g := range groups {
		err = errors.Join(err, g.(streamWriter).in.Close())
	}
	return err
}

// streamWriter writes a stream out, and closes it.
type streamWriter struct{ in io.ReadCloser }

func (s streamWriter) WriteTo(w io.Writer) (int64, error) {
	n, err := io.Copy(w, s.in)
	return n, errors.Join(err, s.in.Close())
}

// CutHere is the group as it is led by this replica.
func (g *Group) CutHere() CutGroup { return &localCut{g: g} }

type localCut struct {
	g *Group
	p *Pause
}

func (c *localCut) Pause(ctx context.Context, lease time.Duration) (err error) {
	c.p, err = c.g.Pause(ctx, lease)
	return err
}

func (c *localCut) Open(ctx context.Context) (io.ReadCloser, GroupManifest, error) {
	z, err := c.p.Freeze(ctx)
	if err != nil {
		return nil, GroupManifest{}, err
	}
	return z.Stream(), z.GroupManifest, nil
}

func (c *localCut) Resume() {
	if c.p != nil {
		c.p.Resume()
	}
}

// Stream is what WriteTo writes, to be read; it is to be closed.
func (z *Frozen) Stream() io.ReadCloser { return &frozenStream{z: z} }

// frozenStream writes itself where it can. Only who reads it byte by byte, to send it
// elsewhere, needs a goroutine, which Close ends.
type frozenStream struct {
	z    *Frozen
	pipe *io.PipeReader
	done chan struct{}
}

func (s *frozenStream) WriteTo(w io.Writer) (int64, error) {
	if s.z == nil || s.pipe != nil {
		return 0, errors.New("usher: the stream has been read")
	}
	return s.z.WriteTo(w)
}

func (s *frozenStream) Read(b []byte) (int, error) {
	if s.z == nil {
		return 0, io.ErrClosedPipe
	}
	if s.pipe == nil {
		r, w := io.Pipe()
		s.pipe, s.done = r, make(chan struct{})
		go func() {
			defer close(s.done)
			_, err := s.z.WriteTo(w)
			_ = w.CloseWithError(err) // always nil
		}()
	}
	return s.pipe.Read(b)
}

func (s *frozenStream) Close() error {
	if s.pipe != nil {
		_ = s.pipe.Close() // always nil
		<-s.done
	}
	s.z, s.pipe = nil, nil
	return nil
}
