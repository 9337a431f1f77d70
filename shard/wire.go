package shard

import (
	"encoding/binary"
	"errors"

	"github.com/usherhq/usher/shard/frame"
)

type frameKind = frame.Kind

// Kinds of frames. Numbers are in snapshots: they never change.
const (
	frameHeader  frameKind = 1
	frameChart   frameKind = 2
	frameEvent   frameKind = 3
	frameSeats   frameKind = 4
	frameHolds   frameKind = 5
	frameBooks   frameKind = 6
	frameKeys    frameKind = 7
	frameTrailer frameKind = 8
	frameBundles frameKind = 9 // since version 2
)

const maxFrame = MaxChartBytes + 1024

// ErrBadSnapshot wraps what is wrong with a snapshot, and where.
var ErrBadSnapshot = errors.New("usher: damaged snapshot")

func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }
func le64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }
