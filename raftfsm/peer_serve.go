package raftfsm

import (
	"bufio"
	"context"
	"errors"
	"fmt"
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

// serve lets calls in. It is called once, when all handlers are there.
func (p *peers) serve() {
	p.spawn(func() {
		for {
			c, err := p.layer.accept()
			if err != nil {
				return // the layer is closed
			}
			s := &servedConn{peers: p, conn: c, out: newFrameWriter(c, repliesQueued, maxReply), slots: make(chan struct{}, handlersOfConn)}
			if !p.spawn(s.run) {
				c.Close()
			}
		}
	})
}

// servedConn is a connection that a peer has made, with its calls that are being answered.
type servedConn struct {
	peers    *peers
	conn     *muxConn
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
	ctx, cancel := context.WithCancel(s.peers.ctx)
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
	_, err := s.conn.Write(muxHeader(&muxHello{route: s.conn.hello.route, from: s.peers.mux.identity(), to: s.conn.hello.from.Node}))
	return err
}

// enter counts the connection in, unless it comes too late or there are too many.
func (s *servedConn) enter() error {
	p := s.peers
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return ErrClosed
	case len(p.conns) >= servedConns:
		return errManyConns
	}
	p.conns[s] = struct{}{}
	return nil
}

func (s *servedConn) leave() {
	s.peers.mu.Lock()
	defer s.peers.mu.Unlock()
	delete(s.peers.conns, s)
}

// drain takes no more calls; those being answered still are.
func (s *servedConn) drain() {
	if err := s.conn.SetReadDeadline(time.Unix(1, 0)); err != nil {
		s.conn.Close()
	}
}

func (s *servedConn) report(err error) {
	if err == nil || s.peers.ctx.Err() != nil || errors.Is(err, io.EOF) || errors.Is(err, errConnEnded) {
		return
	}
	s.peers.logger.Debug("usher: a peer's calls end", "peer", s.conn.hello.from.Node, "remote", s.conn.RemoteAddr().String(), "err", err)
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

// take answers a request, or starts a handler that will.
func (s *servedConn) take(ctx context.Context, f *frame) error {
	h := s.peers.handlers[f.kind].Load()
	switch {
	case f.kind == callPing:
		return s.out.put(frame{id: f.id, kind: replyOK})
	case h == nil:
		return s.refuse(f.id, fmt.Errorf("%w: kind %d", errUnknownCall, f.kind))
	case s.conn.stranger != nil && !h.open:
		return s.refuse(f.id, s.conn.stranger)
	}
	release, ok := s.room(h)
	if !ok {
		return s.refuse(f.id, &OutcomeError{OutcomeNotApplied, ErrOverload})
	}
	id, body := f.id, f.body
	s.handlers.Go(func() {
		reply, err := h.handle(ctx, s.conn.hello.from.Node, body)
		release() // before the answer, or its caller's next call might find no room
		s.answer(id, reply, err)
	})
	return nil
}

// room takes the places of one more handler.
func (s *servedConn) room(h *callHandler) (release func(), ok bool) {
	if h.slots != nil {
		if !enter(h.slots) {
			return nil, false
		}
		return func() { <-h.slots }, true
	}
	if !enter(s.slots) {
		return nil, false
	}
	if !enter(s.peers.slots) {
		<-s.slots
		return nil, false
	}
	return func() { <-s.peers.slots; <-s.slots }, true
}

func enter(slots chan struct{}) bool {
	select {
	case slots <- struct{}{}:
		return true
	default:
		return false
	}
}

func (s *servedConn) answer(id uint64, reply []byte, err error) {
	if err == nil && len(reply) > maxReply {
		err = fmt.Errorf("%w: %d bytes", errBadReply, len(reply))
	}
	if err == nil {
		err = s.out.put(parts(id, reply)...)
	} else {
		err = s.refuse(id, err)
	}
	if err != nil { // the peer reads too slowly, or is gone
		s.report(err)
		s.conn.Close()
	}
}

// parts are the frames of a reply.
func parts(id uint64, reply []byte) []frame {
	var out []frame
	for len(reply) > partBytes {
		out = append(out, frame{id: id, kind: replyPart, body: reply[:partBytes]})
		reply = reply[partBytes:]
	}
	return append(out, frame{id: id, kind: replyOK, body: reply})
}

func (s *servedConn) refuse(id uint64, err error) error {
	return s.out.put(frame{id: id, kind: replyError, body: appendError(nil, err)})
}
