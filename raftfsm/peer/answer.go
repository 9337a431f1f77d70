package peer

import (
	"context"
	"fmt"
)

// take answers a request, or starts a handler that will.
func (s *servedConn) take(ctx context.Context, f *frame) error {
	h := s.owner.handlers[f.kind].Load()
	switch {
	case f.kind == callPing:
		return s.out.put(frame{id: f.id, kind: replyOK})
	case h == nil:
		return s.refuse(f.id, fmt.Errorf("%w: kind %d", ErrUnknownCall, f.kind))
	case s.conn.stranger != nil && !h.open:
		return s.refuse(f.id, s.conn.stranger)
	}
	release, ok := s.room(h)
	if !ok {
		return s.refuse(f.id, s.owner.errs.Overload())
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
func (s *servedConn) room(h *handler) (release func(), ok bool) {
	if h.slots != nil {
		if !enter(h.slots) {
			return nil, false
		}
		return func() { <-h.slots }, true
	}
	if !enter(s.slots) {
		return nil, false
	}
	if !enter(s.owner.slots) {
		<-s.slots
		return nil, false
	}
	return func() { <-s.owner.slots; <-s.slots }, true
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
	if err == nil && len(reply) > MaxReply {
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
	return s.out.put(frame{id: id, kind: replyError, body: s.owner.errs.AppendError(nil, err)})
}
