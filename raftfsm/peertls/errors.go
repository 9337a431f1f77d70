package peertls

import "errors"

// What can be wrong with a certificate, one's own or a peer's.
var (
	ErrPeerName  = errors.New("the certificate does not name the node")
	ErrUntrusted = errors.New("the certificate is not signed by the CA")
	ErrExpired   = errors.New("the certificate has expired")
	ErrNotYet    = errors.New("the certificate is not valid yet")
	ErrUsage     = errors.New("the certificate is not for this use")
	ErrKey       = errors.New("the private key does not go with the certificate")
	ErrExists    = errors.New("the file exists")
)
