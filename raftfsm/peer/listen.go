package peer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

var errNotLoopback = errors.New("raftfsm: peers without TLS only on loopback")

// Listen listens for peers. plain means without TLS, which is for loopback only.
func Listen(addr string, plain bool) (net.Listener, error) {
	if plain {
		return listenPlain(addr, false)
	}
	return net.Listen("tcp", addr)
}

// listenPlain listens for peers without TLS. Anyone who can connect can commit a claim, so any
// address but loopback is refused, unless anywhere says that the network is the caller's own
// (network namespaces of the chaos tests).
func listenPlain(addr string, anywhere bool) (net.Listener, error) {
	tcp, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, err
	}
	if !anywhere && !tcp.IP.IsLoopback() {
		return nil, fmt.Errorf("%w: %s is not", errNotLoopback, addr)
	}
	return net.ListenTCP("tcp", tcp)
}

// DialFunc connects to an address, until its context ends.
type DialFunc func(ctx context.Context, addr string) (net.Conn, error)

// DialTCP is the DialFunc of host:port. A peer that lost its power is found out within half a minute.
func DialTCP(ctx context.Context, addr string) (net.Conn, error) {
	d := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 4}}
	return d.DialContext(ctx, "tcp", addr)
}
