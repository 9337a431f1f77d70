package peertls

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// material is one sound set of certificate, key and CA. It never changes.
type material struct {
	raw      contents
	own      tls.Certificate
	leaf     *x509.Certificate
	roots    *x509.CertPool
	notAfter time.Time // the end of leaf or of what it stands on, whichever comes first
	server   *tls.Config
}

// newMaterial parses and checks c as of now; errors name the file.
func newMaterial(f Files, c contents, now time.Time) (*material, error) {
	chain, err := parseCertificates(f.Cert, c[0])
	if err != nil {
		return nil, err
	}
	authorities, err := parseCertificates(f.CA, c[2])
	if err != nil {
		return nil, err
	}
	m := &material{raw: c, leaf: chain[0], roots: x509.NewCertPool()}
	for _, ca := range authorities {
		if !ca.IsCA {
			return nil, fmt.Errorf("%s: the certificate of %q is not one of a CA", f.CA, ca.Subject)
		}
		m.roots.AddCert(ca)
	}
	if m.own, err = tls.X509KeyPair(c[0], c[1]); err != nil { // of the certificate it has been parsed already
		return nil, fmt.Errorf("%s: %w %s: %w", f.Key, ErrKey, f.Cert, err)
	}
	if m.notAfter, err = m.checkChain(chain, now); err != nil {
		return nil, fmt.Errorf("%s: %w (CA: %s)", f.Cert, err, f.CA)
	}
	m.server = m.serverConfig()
	return m, nil
}

func parseCertificates(path string, text []byte) ([]*x509.Certificate, error) {
	blocks, err := certificateBlocks(path, text)
	if err != nil {
		return nil, err
	}
	certs := make([]*x509.Certificate, len(blocks))
	for i, der := range blocks {
		if certs[i], err = x509.ParseCertificate(der); err != nil {
			return nil, fmt.Errorf("%s: certificate %d: %w", path, i+1, err)
		}
	}
	return certs, nil
}

// checkChain verifies a node's own chain for both of its roles, and gives its end.
func (m *material) checkChain(chain []*x509.Certificate, now time.Time) (time.Time, error) {
	if err := checkDates(chain[0], now); err != nil {
		return time.Time{}, err
	}
	if _, err := m.verify(chain, x509.ExtKeyUsageClientAuth, now); err != nil {
		return time.Time{}, err
	}
	verified, err := m.verify(chain, x509.ExtKeyUsageServerAuth, now)
	if err != nil {
		return time.Time{}, err
	}
	return endOf(verified), nil
}

// checkDates says the same as verify, but without the time at which it was asked.
func checkDates(c *x509.Certificate, now time.Time) error {
	switch {
	case now.After(c.NotAfter):
		return fmt.Errorf("%w on %s", ErrExpired, c.NotAfter.UTC().Format(time.RFC3339))
	case now.Before(c.NotBefore):
		return fmt.Errorf("%w: it begins on %s", ErrNotYet, c.NotBefore.UTC().Format(time.RFC3339))
	}
	return nil
}

// verify wants a way from chain's first certificate to the CA, for one usage.
func (m *material) verify(chain []*x509.Certificate, usage x509.ExtKeyUsage, now time.Time) ([][]*x509.Certificate, error) {
	if len(chain) == 0 {
		return nil, fmt.Errorf("%w: there is none", ErrUntrusted)
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	verified, err := chain[0].Verify(x509.VerifyOptions{
		Roots: m.roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage},
	})
	if err != nil {
		return nil, explain(err, usage)
	}
	return verified, nil
}

var usageNames = map[x509.ExtKeyUsage]string{
	x509.ExtKeyUsageClientAuth: "clientAuth", x509.ExtKeyUsageServerAuth: "serverAuth",
}

// explain puts one of this package's errors before what x509 says.
func explain(err error, usage x509.ExtKeyUsage) error {
	var invalid x509.CertificateInvalidError
	if !errors.As(err, &invalid) {
		return fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	switch invalid.Reason {
	case x509.IncompatibleUsage:
		return fmt.Errorf("%w: the extended key usage %s is missing: %w", ErrUsage, usageNames[usage], err)
	case x509.Expired:
		return fmt.Errorf("%w: %w", ErrExpired, err)
	}
	return fmt.Errorf("%w: %w", ErrUntrusted, err)
}

// endOf is when the last of these chains ends, each with the first of its certificates.
func endOf(chains [][]*x509.Certificate) time.Time {
	var last time.Time
	for _, chain := range chains {
		end := chain[0].NotAfter
		for _, c := range chain[1:] {
			if c.NotAfter.Before(end) {
				end = c.NotAfter
			}
		}
		if end.After(last) {
			last = end
		}
	}
	return last
}
