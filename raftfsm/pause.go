package raftfsm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hashicorp/raft"
	"github.com/klauspost/compress/zstd"
)

var (
	// ErrPaused says that somebody else has the group paused.
	ErrPaused = errors.New("usher: the group is paused already")
	// ErrPauseEnded says that a pause was over, or its leader deposed, before the state
	// was frozen.
	ErrPauseEnded = errors.New("usher: the group's pause has ended")
)

// Pause is a group that proposes nothing: its leader's queue fills, bounded as ever, and
// its state stands still. Methods may be called from any goroutine.
type Pause struct {
	g     *Group
	term  uint64
	mark  *pausing
	lease *time.Timer
}

// pausing is how proposer and pause speak.
type pausing struct {
	quiet chan struct{} // closed by run when nothing is in flight
	told  bool          // run's own
}

// tellQuiet is called by run: once nothing is in flight, nothing will be until the pause
// ends.
func (p *proposer) tellQuiet() {
	if m := p.paused.Load(); m != nil && !m.told && len(p.flight) == 0 {
		m.told = true
		close(m.quiet)
	}
}

// Pause stops the group's proposer and waits until all that it had proposed is applied.
// It ends by itself after the lease, as whoever asked for it may be gone. Errors:
// ErrNotLeader, ErrPaused, ErrClosed, ctx's.
func (g *Group) Pause(ctx context.Context, lease time.Duration) (*Pause, error) {
	p := &Pause{g: g, term: g.Term(), mark: &pausing{quiet: make(chan struct{})}}
	if !g.IsLeader() {
		return nil, fmt.Errorf("group %d: %w", g.no, ErrNotLeader)
	}
	if !g.proposer.paused.CompareAndSwap(nil, p.mark) {
		return nil, fmt.Errorf("group %d: %w", g.no, ErrPaused)
	}
	p.lease = time.AfterFunc(lease, p.end)
	g.proposer.signal()
	var err error
	select {
	case <-p.mark.quiet:
		return p, nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-g.ctx.Done():
		err = ErrClosed
	}
	p.Resume()
	return nil, fmt.Errorf("group %d: %w", g.no, err)
}

// Resume lets the group go on. It may be called again, and after the lease.
func (p *Pause) Resume() {
	p.lease.Stop()
	p.end()
}

func (p *Pause) end() {
	if p.g.proposer.paused.CompareAndSwap(p.mark, nil) {
		p.g.proposer.signal()
	}
}

func (p *Pause) held() bool { return p.g.proposer.paused.Load() == p.mark }

// Frozen is a group's state at one entry of its log.
type Frozen struct {
	GroupManifest
	state io.WriterTo
}

// WriteTo writes the group's snapshot, compressed.
func (z *Frozen) WriteTo(w io.Writer) (int64, error) {
	c := &countedWriter{Writer: w}
	err := compress(c, z.state)
	return c.n, err
}

// compress writes a frozen state as snapshots have it.
func compress(w io.Writer, state io.WriterTo) error {
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	if _, err := state.WriteTo(z); err != nil {
		return errors.Join(err, z.Close())
	}
	return z.Close()
}

// Freeze takes the state as it has stood since the pause began. An entry that does
// nothing is committed first: it was proposed while the group was paused, so when it
// commits in the term of the pause no later leader can have committed anything before
// that, and this state has all that the group had acknowledged to anybody. Errors:
// ErrPauseEnded, ctx's, those of consensus.
func (p *Pause) Freeze(ctx context.Context) (*Frozen, error) {
	g := p.g
	if !p.held() {
		return nil, fmt.Errorf("group %d: %w", g.no, ErrPauseEnded)
	}
	index, err := p.tick(ctx)
	if err != nil {
		return nil, fmt.Errorf("group %d: %w", g.no, err)
	}
	z, err := g.fsm.freezeAt(index)
	// Whether the pause still lasts comes after: then it has lasted all the time.
	if err == nil && (!p.held() || g.Term() != p.term) {
		err = ErrPauseEnded
	}
	if err != nil {
		return nil, fmt.Errorf("group %d: %w", g.no, err)
	}
	z.Group, z.Term = g.no, p.term
	return z, nil
}

// tick proposes an entry past the queue and waits until it is applied here.
func (p *Pause) tick(ctx context.Context) (index uint64, err error) {
	g := p.g
	head := entryHead{Stamp: g.clock.stamp(), Count: 1} // of no proposer: nobody waits for its result
	data := endEntry(AppendCommand(beginEntry(nil), &Command{Op: OpTick}), head)
	future := g.raft.Apply(data, enqueueTimeout)
	done := make(chan error, 1)
	go func() { done <- future.Error() }() // ends with raft, if not before
	select {
	case err = <-done:
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-g.ctx.Done():
		return 0, ErrClosed
	}
	if errors.Is(err, raft.ErrNotLeader) || errors.Is(err, raft.ErrLeadershipLost) {
		return 0, ErrNotLeader
	}
	if err == nil {
		err, _ = future.Response().(error)
	}
	return future.Index(), err
}

// freezeAt takes the state if the last entry in it is the one at index.
func (f *fsm) freezeAt(index uint64) (*Frozen, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.haltedErr(); err != nil {
		return nil, err
	}
	if at := f.applied.Load(); at != index {
		return nil, fmt.Errorf("%w: entry %d came after entry %d", ErrPauseEnded, at, index)
	}
	m := GroupManifest{Index: index, Time: f.m.now(), Digest: hexDigest(f.m.digest())}
	return &Frozen{GroupManifest: m, state: f.m.freeze()}, nil
}
