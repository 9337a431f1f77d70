package proptest

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/usherhq/usher/shard"
)

// moment is a Frozen that has not been written out yet, and what it has to write.
type moment struct {
	z    *shard.Frozen
	want []byte
}

// reload goes through a snapshot, and wants the same digest and the same bytes after.
func (x *Run) reload() error {
	digest := x.subject.State().Digest()
	before, err := Snapshot(x.subject.State().Freeze())
	if err != nil {
		return err
	}
	if err := x.subject.Reload(); err != nil {
		return err
	}
	if got := x.subject.State().Digest(); got != digest {
		return fmt.Errorf("digest %016x, restored %016x", digest, got)
	}
	after, err := Snapshot(x.subject.State().Freeze())
	if err == nil && !bytes.Equal(before, after) {
		err = errors.New("the restored state writes other bytes")
	}
	return err
}

// freeze takes a snapshot that is written out later.
func (x *Run) freeze() error {
	want, err := Snapshot(x.subject.State().Freeze())
	x.frozen = append(x.frozen, moment{x.subject.State().Freeze(), want})
	return err
}

// thaw writes out what was frozen: it must be as it was.
func (x *Run) thaw() error {
	for _, f := range x.frozen {
		got, err := Snapshot(f.z)
		if err != nil {
			return err
		}
		if !bytes.Equal(got, f.want) {
			return errors.New("a frozen state changed")
		}
	}
	x.frozen = nil
	return nil
}
