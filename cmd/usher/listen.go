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

// listenOff is listen, but "" and "off" mean no listener.
func listenOff(what, addr string) (net.Listener, error) {
	if addr == "" || addr == "off" {
		return nil, nil
	}
	return listen(what, addr)
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
