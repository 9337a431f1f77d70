package raftfsm

import (
	"net"
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// streams is a stream layer that knows its connections and can cut them all. Raft's transport
// closes only those in its pool: an accepted one holds a goroutine until the peer hangs up.
// Accept is called by the transport's one goroutine, Dial by many.
type streams struct {
	raft.StreamLayer

	mu     sync.Mutex
	conns  map[*streamConn]struct{}
	cutErr error // not nil: no connection any more
	closed bool
}

func newStreams(layer raft.StreamLayer) *streams {
	return &streams{StreamLayer: layer, conns: map[*streamConn]struct{}{}}
}

// Accept waits for a connection; once cut it closes what arrives and waits on, until Close.
func (s *streams) Accept() (net.Conn, error) {
	for {
		c, err := s.StreamLayer.Accept()
		if err != nil {
			return nil, err
		}
		if tracked, err := s.add(c); err == nil {
			return tracked, nil
		} else if s.isClosed() {
			return nil, err
		}
	}
}

// Dial connects to a peer unless cut.
func (s *streams) Dial(address raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	if err := s.isCut(); err != nil {
		return nil, err
	}
	c, err := s.StreamLayer.Dial(address, timeout)
	if err != nil {
		return nil, err
	}
	return s.add(c)
}

// Close cuts all connections and closes the layer.
func (s *streams) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cut(net.ErrClosed)
	return s.StreamLayer.Close()
}

// cut closes all connections, now and to come; each later Dial fails with the first err.
func (s *streams) cut(err error) {
	s.mu.Lock()
	if s.cutErr == nil {
		s.cutErr = err
	}
	conns := s.conns
	s.conns = map[*streamConn]struct{}{}
	s.mu.Unlock()
	for c := range conns {
		c.Conn.Close()
	}
}

func (s *streams) add(c net.Conn) (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cutErr != nil {
		c.Close()
		return nil, s.cutErr
	}
	tracked := &streamConn{Conn: c, owner: s}
	s.conns[tracked] = struct{}{}
	return tracked, nil
}

func (s *streams) isCut() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cutErr
}

func (s *streams) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

type streamConn struct {
	net.Conn
	owner *streams
}

// Close closes the connection and forgets it.
func (c *streamConn) Close() error {
	c.owner.mu.Lock()
	delete(c.owner.conns, c)
	c.owner.mu.Unlock()
	return c.Conn.Close()
}
