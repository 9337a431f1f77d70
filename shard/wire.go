package shard

import (
	"encoding/binary"
	"errors"

	"github.com/usherhq/usher/shard/frame"
)

// Kinds of frames. Numbers are in snapshots: they never change.
const (
	frameHeader  frame.Kind = 1
	frameChart   frame.Kind = 2
	frameEvent   frame.Kind = 3
	frameSeats   frame.Kind = 4
	frameHolds   frame.Kind = 5
	frameBooks   frame.Kind = 6
	frameKeys    frame.Kind = 7
	frameTrailer frame.Kind = 8
	frameBundles frame.Kind = 9 // since version 2
)

const maxFrame = MaxChartBytes + 1024

// ErrBadSnapshot wraps what is wrong with a snapshot, and where.
var ErrBadSnapshot = errors.New("usher: damaged snapshot")

func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }
func le64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }
