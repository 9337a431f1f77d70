package proptest_test

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"
)

// wires stand between nodes: each is reached through a listener here, and every direction of
// every connection between two of them can be stopped. What was on its way is held back, and
// arrives when the way is open again, as TCP would have it.
type wires struct {
	heads []net.Listener // of the test's goroutine alone
	carry sync.WaitGroup

	mu    sync.Mutex
	cond  *sync.Cond
	cut   map[[2]string]bool // from, to
	conns map[net.Conn]bool
	ended bool
	stuck int // bytes held back: a cut that stops nothing proves nothing
}

func newWires() *wires {
	w := &wires{cut: map[[2]string]bool{}, conns: map[net.Conn]bool{}}
	w.cond = sync.NewCond(&w.mu)
	return w
}

// before opens the way to a node, and gives its address.
func (w *wires) before(t *testing.T, id, to string) string {
	t.Helper()
	host, _, err := net.SplitHostPort(to)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	w.heads = append(w.heads, ln)
	w.carry.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			w.carry.Go(func() { w.connect(c, id, to) })
		}
	})
	return ln.Addr().String()
}

// connect carries one connection to a node, in both directions.
func (w *wires) connect(in net.Conn, id, to string) {
	defer w.drop(in)
	if !w.keep(in) {
		return
	}
	from, head, err := callerOf(in)
	if err != nil {
		return // whoever opened it has left
	}
	out, err := net.Dial("tcp", to)
	if err != nil {
		return // the node is down
	}
	defer w.drop(out)
	if !w.keep(out) {
		return
	}
	w.carry.Go(func() {
		w.pump(out, io.MultiReader(bytes.NewReader(head), in), from, id)
		w.drop(out) // one end has gone: so does the other
	})
	w.pump(in, out, id, from)
}

// callerOf reads who has opened a connection, from the header that nodes begin it with, and
// gives what it has read.
func callerOf(c io.Reader) (id string, read []byte, err error) {
	const before = 4 + 1 + 1 + 2 + 16 // magic, version, kind, group, cluster; the id's length follows
	head := make([]byte, before+1)
	if _, err := io.ReadFull(c, head); err != nil {
		return "", nil, err
	}
	name := make([]byte, head[before])
	if _, err := io.ReadFull(c, name); err != nil {
		return "", nil, err
	}
	return string(name), append(head, name...), nil
}

// pump copies one direction, when it is open.
func (w *wires) pump(to io.Writer, from io.Reader, fromID, toID string) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if !w.pass(fromID, toID, n) {
				return
			}
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// pass waits until a direction is open; false at the end of all.
func (w *wires) pass(from, to string, bytes int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cut[[2]string{from, to}] {
		w.stuck += bytes
	}
	for w.cut[[2]string{from, to}] && !w.ended {
		w.cond.Wait()
	}
	return !w.ended
}

// stop closes the way from each of some nodes to each of others.
func (w *wires) stop(from, to []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range from {
		for _, t := range to {
			w.cut[[2]string{f, t}] = true
		}
	}
}

// heal opens all ways, and tells how many bytes have been held back.
func (w *wires) heal() (stuck int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.cut)
	w.cond.Broadcast()
	stuck, w.stuck = w.stuck, 0
	return stuck
}

func (w *wires) keep(c net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.ended {
		w.conns[c] = true
	}
	return !w.ended
}

func (w *wires) drop(c net.Conn) {
	w.mu.Lock()
	delete(w.conns, c)
	w.mu.Unlock()
	_ = c.Close() // both directions may do so
}

func (w *wires) close() {
	for _, ln := range w.heads {
		_ = ln.Close() // nothing is written to it
	}
	w.mu.Lock()
	w.ended = true
	for c := range w.conns {
		_ = c.Close() // it may have been closed
	}
	w.cond.Broadcast()
	w.mu.Unlock()
	w.carry.Wait()
}
