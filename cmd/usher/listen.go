package main

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// isLoopback tells whether only this machine can reach an address. A name other than
// localhost may lead anywhere.
func isLoopback(addr string) (bool, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false, fmt.Errorf("address %q: want HOST:PORT", addr)
	}
	if host == "localhost" {
		return true, nil
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback(), nil
}

// listen opens addr, and says for what if it cannot.
func listen(what, addr string) (net.Listener, error) {
	ln, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s: %s is in use by another process", what, addr)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return ln, nil
}

// listenAdmin opens the operations listener; "" and "off" mean none. A second node on the
// machine finds the usual port taken: it gets another one, and says so.
func listenAdmin(addr string, talk *stickyWriter) (net.Listener, error) {
	if addr == "" || addr == "off" {
		return nil, nil
	}
	return listenNear("--admin-listen", addr, usualAdmin, talk)
}

// usualAdmin is where operators look unless told otherwise.
const usualAdmin = "127.0.0.1:9090"

// listenNear is listen, but a default that is taken makes way for any free port: two
// demos, or a demo beside a server, are no mistake.
func listenNear(what, addr, usual string, talk *stickyWriter) (net.Listener, error) {
	ln, err := listen(what, addr)
	if err == nil || addr != usual {
		return ln, err
	}
	fmt.Fprintf(talk, "%s is taken, so another port was chosen.\n", addr)
	return listen(what, "127.0.0.1:0")
}

// urlOf is how people reach a listener from this machine.
func urlOf(ln net.Listener) string {
	addr := ln.Addr().(*net.TCPAddr)
	host := addr.IP.String()
	if addr.IP.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, fmt.Sprint(addr.Port)) + "/"
}

func closeListeners(all ...net.Listener) {
	for _, ln := range all {
		if ln != nil {
			_ = ln.Close() // it has accepted nothing
		}
	}
}
