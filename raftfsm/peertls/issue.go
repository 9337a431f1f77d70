package peertls

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"time"
)

// Request is what a node's certificate is to say.
type Request struct {
	NodeID string        // it becomes the common name, a DNS name and usher:node:<id>
	Hosts  []string      // further DNS names and IP addresses, for other programs that look at it
	Life   time.Duration // from now; cut at the CA's own end
}

// nodeID is what can be a file's name, a DNS name and a part of a URI as it stands.
var (
	nodeID   = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$`)
	hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9._-]{0,252})$`)
)

// CheckNodeID says whether a certificate can be issued for a node of this id: letters,
// digits, dots, hyphens and underscores, up to 64, with a letter or digit at both ends.
func CheckNodeID(id string) error {
	if !nodeID.MatchString(id) {
		return fmt.Errorf("node id %q: want up to 64 letters, digits, dots, hyphens and underscores, a letter or digit first and last", id)
	}
	return nil
}

// Issue makes a node's key and certificate, for both ends of its connections.
func (ca *CA) Issue(r Request) (*Pair, error) {
	if err := CheckNodeID(r.NodeID); err != nil {
		return nil, err
	}
	template, err := newTemplate(r.NodeID, r.Life)
	if err != nil {
		return nil, err
	}
	if template.NotAfter.After(ca.cert.NotAfter) {
		template.NotAfter = ca.cert.NotAfter
	}
	template.BasicConstraintsValid = true
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
	template.DNSNames = []string{r.NodeID}
	template.URIs = []*url.URL{{Scheme: "usher", Opaque: "node:" + r.NodeID}}
	if err := addHosts(template, r.Hosts); err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return sign(template, ca.cert, key, ca.key)
}

func addHosts(template *x509.Certificate, hosts []string) error {
	for _, host := range hosts {
		switch ip := net.ParseIP(host); {
		case ip != nil:
			template.IPAddresses = append(template.IPAddresses, ip)
		case hostName.MatchString(host):
			template.DNSNames = append(template.DNSNames, host)
		default:
			return fmt.Errorf("host %q is neither a DNS name nor an IP address", host)
		}
	}
	return nil
}
