package peer

import (
	"bufio"
	"fmt"
	"time"
)

func (c *callConn) write() { c.close(c.out.run()) }

// read hands replies to their callers until the connection ends.
func (c *callConn) read() {
	in := bufio.NewReaderSize(c.conn, 64<<10)
	for {
		f, err := readFrame(in)
		if err == nil {
			c.heard.Store(time.Now().UnixNano())
			err = c.reply(&f)
		}
		if err != nil {
			c.close(err)
			return
		}
	}
}

// reply gives a frame to its call. One whose caller has left is nobody's.
func (c *callConn) reply(f *frame) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	call := c.calls[f.id]
	if call == nil {
		return nil
	}
	if len(call.reply)+len(f.body) > MaxReply {
		return fmt.Errorf("%w: more than %d bytes", errBadReply, MaxReply)
	}
	switch f.kind {
	case replyPart:
		call.reply = append(call.reply, f.body...)
		return nil
	case replyOK:
		if call.reply == nil {
			call.reply = f.body
		} else {
			call.reply = append(call.reply, f.body...)
		}
	case replyError:
		told, rest, err := c.owner.errs.ReadError(f.body)
		if err != nil {
			return err
		}
		if len(rest) != 0 {
			return fmt.Errorf("%w: %d bytes behind an error", errBadReply, len(rest))
		}
		call.reply, call.err = nil, told
	default:
		return fmt.Errorf("%w: status %d", errBadReply, f.kind)
	}
	delete(c.calls, f.id)
	close(call.done)
	return nil
}

// watch closes the connection of a peer that lets calls wait and says nothing at all, not even
// to a ping: it is gone, stopped, or hears us without being heard. Its callers need not wait for
// their deadlines, nor pile up until then.
func (c *callConn) watch() {
	tick := time.NewTicker(c.owner.quiet / 3)
	defer tick.Stop()
	for {
		select {
		case <-c.done:
			return
		case <-tick.C:
		}
		waiting, over := c.waiting()
		quiet := time.Duration(time.Now().UnixNano() - c.heard.Load())
		switch {
		case over:
			c.close(errConnEnded)
			return
		case waiting && quiet > c.owner.silence:
			c.close(fmt.Errorf("%w for %v", errSilent, quiet.Round(time.Millisecond)))
			return
		case waiting && quiet > c.owner.quiet:
			// What cannot be queued is no ping, and ends as silence.
			_ = c.out.put(frame{kind: callPing})
		}
	}
}
