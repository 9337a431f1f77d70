// Package peertest is what tests of nodes that talk to each other share.
package peertest

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Proxy stands between two nodes: it can be cut, and made to swallow what comes back. Its methods
// may be called from any goroutine.
type Proxy struct {
	ln   net.Listener
	to   atomic.Value // string: where connections go; empty: nowhere
	mute atomic.Bool

	mu    sync.Mutex
	conns []net.Conn
	wg    sync.WaitGroup
}

// Listen gives a port of this machine that nothing else has.
func Listen(t testing.TB) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

// NewProxy leads nowhere yet. Close ends it.
func NewProxy(t testing.TB) *Proxy {
	t.Helper()
	p := &Proxy{ln: Listen(t)}
	p.to.Store("")
	p.wg.Go(func() {
		for {
			in, err := p.ln.Accept()
			if err != nil {
				return
			}
			p.wg.Go(func() { p.carry(in) })
		}
	})
	return p
}

// Lead has connections from now on go to an address, or, if that is empty, end at once.
func (p *Proxy) Lead(to string) { p.to.Store(to) }

// Mute swallows what comes back, from now on.
func (p *Proxy) Mute() { p.mute.Store(true) }

// Addr is where the proxy takes connections.
func (p *Proxy) Addr() string { return p.ln.Addr().String() }

func (p *Proxy) carry(in net.Conn) {
	defer in.Close()
	to := p.to.Load().(string)
	if to == "" {
		return
	}
	out, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer out.Close()
	p.mu.Lock()
	p.conns = append(p.conns, in, out)
	p.mu.Unlock()
	p.wg.Go(func() {
		_, _ = io.Copy(out, in) // ends with either connection
		out.Close()
	})
	buf := make([]byte, 32<<10)
	for {
		n, err := out.Read(buf)
		if err != nil {
			return
		}
		if p.mute.Load() {
			continue
		}
		if _, err := in.Write(buf[:n]); err != nil {
			return
		}
	}
}

// Cut ends all connections.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}

// Close ends the proxy with its connections, and waits.
func (p *Proxy) Close() {
	p.ln.Close()
	p.Cut()
	p.wg.Wait()
}
