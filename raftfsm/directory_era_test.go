package raftfsm

import (
	"bytes"
	"errors"
	"testing"

	"github.com/usherhq/usher/shard"
)

// TestDirectoryEra: events that a restored directory has only half, or gets later, are not
// made as the old cluster may have made them; the directory's snapshot remembers that.
func TestDirectoryEra(t *testing.T) {
	m := fullDirectory(t, 30)
	p := m.dir.Placement("hall:2026-01-04")
	if got := m.dir.Founding(p); got.Epoch != p.Create.Epoch || got.Secret != p.Create.Secret || got.TokenBase != p.Create.TokenBase {
		t.Errorf("never restored, it founds %+v of %+v", got, p.Create)
	}
	seen := map[[16]byte]bool{p.Create.Epoch: true}
	base := uint64(0)
	for i := range 3 {
		if err := m.restored([32]byte{byte(i)}, 0); err != nil {
			t.Fatal(err)
		}
		got := m.dir.Founding(p)
		if seen[got.Epoch] || got.Secret == p.Create.Secret || got.TokenBase <= base+1<<32-1 || p.Create.TokenBase != 0 {
			t.Errorf("restored, it founds %+v of %+v", got, p.Create)
		}
		if again := m.dir.Founding(p); again.Epoch != got.Epoch || again.Secret != got.Secret {
			t.Error("it founds otherwise each time")
		}
		seen[got.Epoch], base = true, got.TokenBase
	}
	raw := directoryBytes(t, m)
	back := &directoryMachine{newDirectory(4)}
	if err := back.restore(bytes.NewReader(raw)); err != nil {
		t.Fatal(err)
	}
	if back.digest() != m.digest() || !bytes.Equal(directoryBytes(t, back), raw) || back.dir.era != m.dir.era {
		t.Error("what was restored is another directory")
	}
	for i := range raw {
		raw[i] ^= 0x10
		if err := back.restore(bytes.NewReader(raw)); !errors.Is(err, shard.ErrBadSnapshot) {
			t.Fatalf("byte %d flipped: %v", i, err)
		}
		raw[i] ^= 0x10
	}
	m.dir.era.base = shard.MaxToken
	if err := m.restored([32]byte{}, 0); !errors.Is(err, shard.ErrNoEras) {
		t.Errorf("no tokens left: %v", err)
	}
}

// TestDirectoryKeepsGroupsOfRuledEvents: where an event lives is read, not chosen again.
func TestDirectoryKeepsGroupsOfRuledEvents(t *testing.T) {
	m := fullDirectory(t, 30)
	c := Command{Op: OpPlaceRuled, Place: PlaceEvent{ChartID: "hall", Create: shard.CreateEvent{ID: "ruled", Chart: [32]byte{1}, Rules: shard.Rules{PerHolder: 2}}}}
	var out Result
	if !m.apply(m.now(), &c, &out) || out.Err != nil {
		t.Fatal(out.Err)
	}
	p := m.dir.Placement("ruled")
	m.dir.load[p.Group]--
	p.Group = p.Group%4 + 1
	m.dir.load[p.Group]++
	back := &directoryMachine{newDirectory(4)}
	if err := back.restore(bytes.NewReader(directoryBytes(t, m))); err != nil {
		t.Fatal(err)
	}
	if got := back.dir.Placement("ruled"); got.Group != p.Group || got.Create.Rules != p.Create.Rules {
		t.Errorf("%+v, was %+v", got, p)
	}
}
