package peertls

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"
)

// Server makes an accepted connection safe: the peer's certificate is signed by the CA and
// for clients. Which node it is has to be asked with Vouches. It returns when the handshake
// is complete, has failed or ctx has ended; then c is closed.
func (s *Security) Server(ctx context.Context, c net.Conn) (*tls.Conn, error) {
	return shake(ctx, c, tls.Server(c, s.current().server))
}

// Client makes a dialed connection safe: the peer's certificate is signed by the CA, for
// servers, and names nodeID; "" takes any node, to ask an address who is there. It returns
// when this side's handshake is complete, has failed or ctx has ended; then c is closed.
//
// In TLS 1.3 the server looks at our certificate after that, so its refusal is the error
// of the first Read.
func (s *Security) Client(ctx context.Context, c net.Conn, nodeID string) (*tls.Conn, error) {
	return shake(ctx, c, tls.Client(c, s.current().clientConfig(nodeID)))
}

func shake(ctx context.Context, raw net.Conn, c *tls.Conn) (*tls.Conn, error) {
	err := c.HandshakeContext(ctx)
	if err == nil {
		return c, nil
	}
	var untrusted *tls.CertificateVerificationError
	if errors.As(err, &untrusted) && ctx.Err() == nil {
		err = explain(err, x509.ExtKeyUsageClientAuth)
	}
	err = fmt.Errorf("TLS with %v: %w", raw.RemoteAddr(), err)
	_ = raw.Close() // it is given up, and ctx's end has closed it already
	return nil, err
}

// serverConfig has no session tickets: a resumed session would not be asked for a
// certificate, and so would outlive the CA that let it in.
func (m *material) serverConfig() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, SessionTicketsDisabled: true,
		Certificates: []tls.Certificate{m.own},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: m.roots,
	}
}

// clientConfig checks the server itself: the library would match the name as browsers do,
// with wildcards and regardless of case.
func (m *material) clientConfig(nodeID string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, SessionTicketsDisabled: true,
		InsecureSkipVerify: true, // VerifyConnection does it
		VerifyConnection: func(cs tls.ConnectionState) error {
			if _, err := m.verify(cs.PeerCertificates, x509.ExtKeyUsageServerAuth, time.Now()); err != nil {
				return err
			}
			if nodeID == "" {
				return nil
			}
			return names(cs.PeerCertificates[0], nodeID)
		},
		// Always the one there is: choosing by the server's list of CAs would send none
		// while the two sides have different ones, and hide what is wrong.
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &m.own, nil },
	}
}
