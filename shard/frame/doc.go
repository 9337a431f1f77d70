// Package frame writes and reads the frames that snapshots are made of, and sums records for
// digests. Errors stick: whoever writes or reads looks at Err when through.
//
// A frame is its kind (1 byte), the length of the payload (4), the payload, and the CRC-32C of
// all before it (4). Integers are little-endian.
package frame

import "hash/crc32"

// Kind says what a frame holds.
type Kind byte

const overhead = 1 + 4 + 4

var castagnoli = crc32.MakeTable(crc32.Castagnoli)
