package frame

import "math/bits"

// The digest is a sum, modulo 2^64, of one hash for each record, so that a change costs
// the hash before and the hash after. It finds accidents (a flipped bit, a replica
// that went its own way), it is no defence against people: for that the log's channel
// is authenticated. The hash folds 128-bit products, as wyhash does.

const (
	k0 = 0xa0761d6478bd642f
	k1 = 0xe7037ed1a0b428db
)

// Constants to tell records of different kinds apart with.
const (
	K2 = 0x8ebc6af09c88c6e3
	K3 = 0x589965cc75374cc3
)

// Mix folds b into a.
func Mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^k0, b^k1)
	return hi ^ lo
}

// MixBytes folds b, with its length, into h.
func MixBytes(h uint64, b []byte) uint64 {
	h = Mix(h, uint64(len(b))^K2)
	for len(b) >= 8 {
		h = Mix(h, uint64(b[0])|uint64(b[1])<<8|uint64(b[2])<<16|uint64(b[3])<<24|
			uint64(b[4])<<32|uint64(b[5])<<40|uint64(b[6])<<48|uint64(b[7])<<56)
		b = b[8:]
	}
	var tail uint64
	for i, c := range b {
		tail |= uint64(c) << (8 * i)
	}
	return Mix(h^tail, K3)
}
