package raftfsm

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"

	"github.com/usherhq/usher/shard"
)

// directoryEra is what the last restore left for events that the backup did not have, or
// only half. The old cluster may have made and sold them; made again here, by the same
// request, they would have the same epoch, secret and tokens.
type directoryEra struct {
	salt [16]byte
	base uint64 // fencing tokens of events to come begin above it; 0: never restored
}

// restored begins a new era, as shard.State.Restored does.
func (d *Directory) restored(seed [32]byte, at int64) error {
	base, err := shard.NextTokenBase(d.era.base, at)
	if err != nil {
		return err
	}
	h := sha256.Sum256(append(append([]byte("directory\x00"), seed[:]...), d.era.salt[:]...))
	d.era.base = base
	copy(d.era.salt[:], h[:])
	d.forgetCluster()
	return nil
}

// Founding is what a placed event's group is to be told. The placement keeps the epoch
// that the request was known by.
func (d *Directory) Founding(p *Placement) shard.CreateEvent {
	c := p.Create
	if d.era.base == 0 {
		return c
	}
	c.TokenBase = max(c.TokenBase, d.era.base)
	epoch := sha256.Sum256(append(append([]byte("epoch\x00"), d.era.salt[:]...), c.Epoch[:]...))
	copy(c.Epoch[:], epoch[:])
	c.Secret = sha256.Sum256(append(append([]byte("secret\x00"), d.era.salt[:]...), c.Secret[:]...))
	return c
}

// founded tells whether an event has the epoch that it was placed with; a restore of its
// group has given it another one.
func (d *Directory) founded(p *Placement, e *shard.Event) bool {
	return len(e.Eras()) > 1 || e.Epoch() == p.Create.Epoch || e.Epoch() == d.Founding(p).Epoch
}

// magic is how a snapshot begins: the later one has the era behind the number of groups.
func (a *directoryEra) magic() string {
	if a.base == 0 {
		return directoryMagic
	}
	return directoryMagicEra
}

func (a *directoryEra) write(e *entryWriter) {
	if a.base != 0 {
		e.raw(a.salt[:])
		e.raw(binary.LittleEndian.AppendUint64(nil, a.base))
	}
}

func (a *directoryEra) read(in *directoryReader) {
	copy(a.salt[:], in.take(len(a.salt)))
	if b := in.take(8); b != nil {
		a.base = binary.LittleEndian.Uint64(b)
	}
	if in.err == nil && a.base == 0 {
		in.err = errors.New("it is of an era that never began")
	}
}
