package peertls

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
)

// Vouches says whether the peer's certificate names the node: a DNS name that is nodeID,
// byte for byte, or the URI usher:node: with nodeID behind it. The error is an ErrPeerName.
func Vouches(c *tls.Conn, nodeID string) error {
	peers := c.ConnectionState().PeerCertificates
	if len(peers) == 0 {
		return fmt.Errorf("%w %q: the peer has shown none", ErrPeerName, nodeID)
	}
	return names(peers[0], nodeID)
}

// names says that a certificate vouches for a node; see Vouches.
func names(leaf *x509.Certificate, nodeID string) error {
	if nodeID == "" {
		return fmt.Errorf("%w: no node id is given", ErrPeerName)
	}
	for _, name := range leaf.DNSNames {
		if name == nodeID {
			return nil
		}
	}
	for _, uri := range leaf.URIs {
		if uri.String() == nodeURI+nodeID {
			return nil
		}
	}
	return fmt.Errorf("%w %q: it is for %q", ErrPeerName, nodeID, namesOf(leaf))
}

// nodeURI and a node's id behind it are a URI that names the node.
const nodeURI = "usher:node:"

func namesOf(leaf *x509.Certificate) []string {
	all := append([]string{}, leaf.DNSNames...)
	for _, uri := range leaf.URIs {
		all = append(all, uri.String())
	}
	return all
}
