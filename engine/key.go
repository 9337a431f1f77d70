package engine

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"hash"

	"github.com/usherhq/usher/shard"
)

// requestKey makes the log's form of an idempotency key: its scope is caller, operation
// and event, and the fingerprint covers the fields of the request, each with its length
// so that no two requests run together. No key gives the zero Key.
func requestKey(ctx context.Context, op string, ref *eventRef, key string, fields ...string) (shard.Key, error) {
	if key == "" {
		return shard.Key{}, nil
	}
	if err := checkOptionalText("Idempotency-Key", key); err != nil {
		return shard.Key{}, err
	}
	var k shard.Key
	h := sha256.New()
	for _, s := range []string{CallerFrom(ctx).Name, op, ref.id, key} {
		hashField(h, s)
	}
	copy(k.Hash[:], h.Sum(nil))
	h.Reset()
	for _, s := range fields {
		hashField(h, s)
	}
	h.Sum(k.Print[:0])
	return k, nil
}

func hashField(h hash.Hash, s string) {
	var n [4]byte
	binary.LittleEndian.PutUint32(n[:], uint32(len(s)))
	_, _ = h.Write(n[:]) // a hash does not fail
	_, _ = h.Write([]byte(s))
}
