package waitroom

import (
	"crypto/sha256"
	"errors"
)

// maxEras is how many eras of a room are remembered.
const maxEras = 4096

// ErrNoEras says that rooms have been restored too often.
var ErrNoEras = errors.New("usher: the waiting room was restored too often")

// Restored begins a new era of every room: it is for a state that comes from a backup and may
// lack tickets that were given after it. Those must not be taken for others that are given
// their numbers now, nor tokens of then be good. seed is random, one for the whole restore.
func (rs *Rooms) Restored(seed [32]byte) error {
	for _, r := range rs.list {
		if len(r.eras) >= maxEras {
			return ErrNoEras
		}
	}
	for _, r := range rs.list {
		text := append(append(append([]byte("usher room era\x00"), seed[:]...), r.id...), r.epoch[:]...)
		sum := sha256.Sum256(text)
		era := Era{First: r.tickets + 1, Salt: [16]byte(sum[:16])}
		r.epoch = [16]byte(sum[16:])
		r.eras = append(r.eras[:len(r.eras):len(r.eras)], era)
		r.version++
	}
	return nil
}
