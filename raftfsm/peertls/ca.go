package peertls

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"
)

// Pair is a certificate and its private key, each as PEM text.
type Pair struct {
	Cert, Key []byte
	NotAfter  time.Time
}

// CA signs the certificates of a cluster's nodes.
type CA struct {
	cert *x509.Certificate
	key  crypto.Signer
	text []byte // the certificate as PEM
}

// headStart is how long before its making a certificate begins: other machines' clocks may
// be behind.
const headStart = time.Hour

// maxName bounds a subject's common name, in bytes (RFC 5280).
const maxName = 64

// NewCA makes a CA whose certificate lasts for life from now: it signs nodes' certificates
// and no further CA. The name is for people, 1 to 64 bytes.
func NewCA(name string, life time.Duration) (*CA, *Pair, error) {
	if name == "" || len(name) > maxName {
		return nil, nil, fmt.Errorf("the CA's name %q: want 1 to %d bytes", name, maxName)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template, err := newTemplate(name, life)
	if err != nil {
		return nil, nil, err
	}
	template.IsCA, template.BasicConstraintsValid, template.MaxPathLenZero = true, true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	pair, err := sign(template, template, key, key)
	if err != nil {
		return nil, nil, err
	}
	ca, err := parseCA("the new CA", pair.Cert, "the new key", pair.Key)
	return ca, pair, err
}

// LoadCA reads a CA's certificate and private key, PEM both, and checks that they can sign
// as of now; errors name the file.
func LoadCA(certFile, keyFile string) (*CA, error) {
	cert, err := readFile(certFile)
	if err != nil {
		return nil, err
	}
	key, err := readFile(keyFile)
	if err != nil {
		return nil, err
	}
	return parseCA(certFile, cert, keyFile, key)
}

func parseCA(certFile string, cert []byte, keyFile string, key []byte) (*CA, error) {
	chain, err := parseCertificates(certFile, cert)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w %s: %w", keyFile, ErrKey, certFile, err)
	}
	signer, ok := pair.PrivateKey.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%s: a key that cannot sign", keyFile)
	}
	if c := chain[0]; !c.IsCA || c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0 {
		return nil, fmt.Errorf("%s: the certificate of %q is not one of a CA", certFile, c.Subject)
	}
	if err := checkDates(chain[0], time.Now()); err != nil {
		return nil, fmt.Errorf("%s: %w", certFile, err)
	}
	return &CA{cert: chain[0], key: signer, text: cert}, nil
}

// Cert is the CA's certificate as PEM text, what all nodes trust.
func (ca *CA) Cert() []byte { return ca.text }

// NotAfter is when the CA's certificate ends.
func (ca *CA) NotAfter() time.Time { return ca.cert.NotAfter }

func newTemplate(name string, life time.Duration) (*x509.Certificate, error) {
	if life <= 0 {
		return nil, fmt.Errorf("a certificate that lasts for %v", life)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial.Add(serial, big.NewInt(1)),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-headStart), NotAfter: now.Add(life),
	}, nil
}

// sign makes the certificate of key, signed by parent's, and puts both into PEM.
func sign(template, parent *x509.Certificate, key *ecdsa.PrivateKey, by crypto.Signer) (*Pair, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
	if err != nil {
		return nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return &Pair{
		Cert:     pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		Key:      pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}),
		NotAfter: template.NotAfter.UTC().Truncate(time.Second), // as the certificate has it
	}, nil
}
