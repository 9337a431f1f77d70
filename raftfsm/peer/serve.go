package peer

import (
	"bufio"
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

const (
	repliesQueued = 1 << 14
	greetWait     = 5 * time.Second
	// strangerStay bounds the connection of a node that does not belong to the cluster.
	strangerStay = time.Minute
)

var errManyConns = errors.New("raftfsm: too many connections of peers")

// Serve lets calls in. It is called once.
func (cs *Calls) Serve() {
	cs.Go(func() {
		for {
			c, err := cs.layer.accept()
			if err != nil {
				return // the layer is closed
			}
			s := &servedConn{owner: cs, conn: c, out: newFrameWriter(c, repliesQueued, MaxReply), slots: make(chan struct{}, handlersOfConn)}
			if !cs.Go(s.run) {
				c.Close()
			}
		}
	})
}

// servedConn is a connection that a peer has made, with its calls that are being answered.
type servedConn struct {
	owner    *Calls
	conn     *inbound
	out      *frameWriter
	slots    chan struct{}
	handlers sync.WaitGroup
}

// run answers calls until the connection ends or is drained.
func (s *servedConn) run() {
	defer s.conn.Close()
	if err := s.enter(); err != nil {
		s.report(err)
		return
	}
	defer s.leave()
	ctx, cancel := context.WithCancel(s.owner.ctx)
	defer cancel()
	if err := s.greet(); err != nil {
		s.report(err)
		return
	}
	written := make(chan struct{})
	go func() { // waited for below
		defer close(written)
		s.report(s.out.run())
		s.conn.Close() // whatever it is, nobody is answered any more
	}()
	s.report(s.read(ctx))
	cancel()
	s.handlers.Wait()
	s.out.finish()
	<-written
}

// greet tells the caller whom it has reached.
func (s *servedConn) greet() error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(greetWait)); err != nil {
		return err
	}
	if s.conn.stranger != nil {
		if err := s.conn.SetReadDeadline(time.Now().Add(strangerStay)); err != nil {
			return err
		}
	}
	_, err := s.conn.Write(headerOf(&hello{route: s.conn.hello.route, from: s.owner.mux.identity(), to: s.conn.hello.from.Node}))
	return err
}

// enter counts the connection in, unless it comes too late or there are too many.
func (s *servedConn) enter() error {
	cs := s.owner
	cs.mu.Lock()
	defer cs.mu.Unlock()
	switch {
	case cs.closed:
		return ErrClosed
	case len(cs.conns) >= servedConns:
		return errManyConns
	}
	cs.conns[s] = struct{}{}
	return nil
}

func (s *servedConn) leave() {
	s.owner.mu.Lock()
	defer s.owner.mu.Unlock()
	delete(s.owner.conns, s)
}

// drain takes no more calls; those being answered still are.
func (s *servedConn) drain() {
	if err := s.conn.SetReadDeadline(time.Unix(1, 0)); err != nil {
		s.conn.Close()
	}
}

func (s *servedConn) report(err error) {
	if err == nil || s.owner.ctx.Err() != nil || errors.Is(err, io.EOF) || errors.Is(err, errConnEnded) {
		return
	}
	s.owner.logger.Debug("usher: a peer's calls end", "peer", s.conn.hello.from.Node, "remote", s.conn.RemoteAddr().String(), "err", err)
}

func (s *servedConn) read(ctx context.Context) error {
	in := bufio.NewReaderSize(s.conn, 64<<10)
	for {
		f, err := readFrame(in)
		if err != nil {
			return err
		}
		if err := s.take(ctx, &f); err != nil {
			return err
		}
	}
}
