package raftfsm

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

const (
	defaultTransportTimeout = 10 * time.Second
	defaultTransportPool    = 3
	defaultMaxEntryBytes    = 1 << 20
)

var (
	errFenced = errors.New("raftfsm: this replica has fenced itself off")

	// errVoteHeld must not contain "unexpected command": Raft takes a pre-vote refused with
	// those words for a granted one (raft.go, preElectSelf).
	errVoteHeld = errors.New("raftfsm: just started, no vote yet")
)

// transportConfig configures a safeTransport.
type transportConfig struct {
	// Heartbeat is Raft's HeartbeatTimeout: for that long after the start no vote is given. It
	// must be the same on all nodes.
	Heartbeat time.Duration
	// Timeout bounds each send and each wait for an answer; 0 is 10 s. Snapshots get that for
	// every 256 KiB.
	Timeout time.Duration
	// MaxPool is how many idle connections to keep for a peer; 0 is 3.
	MaxPool int
	// MaxEntryBytes bounds an entry's data; 0 is 1 MiB.
	MaxEntryBytes int
	// Check verifies the data of a LogCommand. It is called from the transport's goroutine. Nil
	// checks nothing.
	Check func(data []byte) error
	// Installing, if not nil, is given the bytes of each snapshot that comes in, and gives what Raft
	// is to read in their place.
	Installing func(req *raft.InstallSnapshotRequest, body io.Reader) io.Reader
	// Addresses, if not nil, gives the address of a node in place of the configuration's.
	Addresses raft.ServerAddressProvider
	// Logger, if nil, discards.
	Logger hclog.Logger
}

func (c *transportConfig) fill() {
	if c.Timeout == 0 {
		c.Timeout = defaultTransportTimeout
	}
	if c.MaxPool == 0 {
		c.MaxPool = defaultTransportPool
	}
	if c.MaxEntryBytes == 0 {
		c.MaxEntryBytes = defaultMaxEntryBytes
	}
	if c.Logger == nil {
		c.Logger = hclog.NewNullLogger()
	}
}

// safeTransport is Raft's network transport without what is unsafe in it:
//
//   - Heartbeats go through Raft's main loop. The fast path beside it lets one early heartbeat of
//     the next term make an old leader log a write under the new term (hashicorp/raft #695):
//     a double sale.
//   - No vote is given for one HeartbeatTimeout after the start. A restarted follower knows no
//     leader and would elect another at once, while the old one still counts on nobody doing so.
//   - What would make Raft panic on its own goroutine, and end the embedder's process, never
//     reaches it.
//   - fence cuts the replica off.
//
// It embeds the struct and not raft.Transport, which would silently lose pre-vote and Close. Raft
// calls the sending methods from many goroutines and reads Consumer from its main one.
type safeTransport struct {
	*raft.NetworkTransport
	cfg     transportConfig
	streams *streams
	out     chan raft.RPC
	votes   time.Time // no vote before

	cut   atomic.Pointer[error]
	cutCh chan struct{}
	stop  chan struct{}
	done  chan struct{}
	drain sync.WaitGroup
	once  sync.Once
}

var (
	_ raft.Transport   = (*safeTransport)(nil)
	_ raft.WithPreVote = (*safeTransport)(nil)
	_ raft.WithClose   = (*safeTransport)(nil)
)

// newTransport serves Raft over layer, which Close closes. Its goroutine ends with Close;
// raft.Shutdown's future closes it too.
func newTransport(layer raft.StreamLayer, cfg transportConfig) *safeTransport {
	cfg.fill()
	s := newStreams(layer)
	t := &safeTransport{
		NetworkTransport: raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
			ServerAddressProvider: cfg.Addresses, Logger: cfg.Logger, Stream: s,
			MaxPool: cfg.MaxPool, Timeout: cfg.Timeout,
		}),
		cfg: cfg, streams: s, out: make(chan raft.RPC), votes: time.Now().Add(cfg.Heartbeat),
		cutCh: make(chan struct{}), stop: make(chan struct{}), done: make(chan struct{}),
	}
	go t.filter()
	return t
}

// SetHeartbeatHandler does nothing, so that heartbeats take the main loop: hashicorp/raft #695.
// They then wait behind fsync, which is why HeartbeatTimeout must not be below a second.
func (t *safeTransport) SetHeartbeatHandler(func(raft.RPC)) {}

// Consumer gives the RPCs that Raft may see.
func (t *safeTransport) Consumer() <-chan raft.RPC { return t.out }

// Close ends all connections and the transport's goroutine.
func (t *safeTransport) Close() error {
	t.once.Do(func() { close(t.stop) })
	err := t.NetworkTransport.Close()
	<-t.done
	t.drain.Wait()
	return err
}

// fence cuts this replica off for good, because of err: its connections are closed before fence
// returns, so that not even the answer to the RPC being handled gets out, and each later call
// fails. It may be called from any goroutine, Raft's own included.
func (t *safeTransport) fence(err error) {
	err = fmt.Errorf("%w: %w", errFenced, err)
	if t.cut.CompareAndSwap(nil, &err) {
		close(t.cutCh)
	}
	t.streams.cut(err)
}

func (t *safeTransport) fenced() error {
	if p := t.cut.Load(); p != nil {
		return *p
	}
	return nil
}

// unfenced runs send between two looks at the fence: an answer that arrives behind it does not
// count.
func (t *safeTransport) unfenced(send func() error) error {
	if err := t.fenced(); err != nil {
		return err
	}
	if err := send(); err != nil {
		return err
	}
	return t.fenced()
}

// AppendEntries sends the RPC unless fenced; so do the following.
func (t *safeTransport) AppendEntries(id raft.ServerID, target raft.ServerAddress, args *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse) error {
	return t.unfenced(func() error { return t.NetworkTransport.AppendEntries(id, target, args, resp) })
}

// RequestVote see AppendEntries.
func (t *safeTransport) RequestVote(id raft.ServerID, target raft.ServerAddress, args *raft.RequestVoteRequest, resp *raft.RequestVoteResponse) error {
	return t.unfenced(func() error { return t.NetworkTransport.RequestVote(id, target, args, resp) })
}

// RequestPreVote see AppendEntries.
func (t *safeTransport) RequestPreVote(id raft.ServerID, target raft.ServerAddress, args *raft.RequestPreVoteRequest, resp *raft.RequestPreVoteResponse) error {
	return t.unfenced(func() error { return t.NetworkTransport.RequestPreVote(id, target, args, resp) })
}

// InstallSnapshot see AppendEntries.
func (t *safeTransport) InstallSnapshot(id raft.ServerID, target raft.ServerAddress, args *raft.InstallSnapshotRequest, resp *raft.InstallSnapshotResponse, data io.Reader) error {
	return t.unfenced(func() error { return t.NetworkTransport.InstallSnapshot(id, target, args, resp, data) })
}

// TimeoutNow see AppendEntries.
func (t *safeTransport) TimeoutNow(id raft.ServerID, target raft.ServerAddress, args *raft.TimeoutNowRequest, resp *raft.TimeoutNowResponse) error {
	return t.unfenced(func() error { return t.NetworkTransport.TimeoutNow(id, target, args, resp) })
}

// filter hands on what Raft may see.
func (t *safeTransport) filter() {
	defer close(t.done)
	for {
		select {
		case rpc := <-t.NetworkTransport.Consumer():
			t.handle(rpc)
		case <-t.stop:
			return
		}
	}
}

func (t *safeTransport) handle(rpc raft.RPC) {
	if err := t.admit(rpc.Command); err != nil {
		t.refuse(rpc, err)
		return
	}
	if req, ok := rpc.Command.(*raft.InstallSnapshotRequest); ok && t.cfg.Installing != nil {
		rpc.Reader = t.cfg.Installing(req, rpc.Reader)
	}
	select {
	case t.out <- rpc:
	case <-t.cutCh:
		t.refuse(rpc, t.fenced())
	case <-t.stop:
		t.refuse(rpc, raft.ErrTransportShutdown)
	}
}

func (t *safeTransport) admit(cmd any) error {
	if err := t.fenced(); err != nil {
		return err
	}
	switch req := cmd.(type) {
	case *raft.RequestVoteRequest, *raft.RequestPreVoteRequest:
		if time.Now().Before(t.votes) {
			return errVoteHeld
		}
	case *raft.AppendEntriesRequest:
		return checkAppend(req, t.cfg.MaxEntryBytes, t.cfg.Check)
	case *raft.InstallSnapshotRequest:
		return checkInstall(req)
	}
	return nil
}

// refuse answers with err. A snapshot's bytes follow its request on the same connection and must
// be read to the end first, or they would be taken for the next request (hashicorp/raft #212); that
// can take long and must not hold up the other peers.
func (t *safeTransport) refuse(rpc raft.RPC, err error) {
	if !errors.Is(err, errVoteHeld) {
		t.cfg.Logger.Warn("refused an RPC", "type", fmt.Sprintf("%T", rpc.Command), "error", err)
	}
	if rpc.Reader == nil {
		rpc.Respond(nil, err)
		return
	}
	t.drain.Add(1)
	go func() {
		defer t.drain.Done()
		if _, cerr := io.Copy(io.Discard, rpc.Reader); cerr != nil {
			err = errors.Join(err, cerr) // the connection is gone, nobody reads this
		}
		rpc.Respond(nil, err)
	}()
}
