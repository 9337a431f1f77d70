package proptest

import (
	"fmt"
	"slices"

	"github.com/usherhq/usher/shard"
)

// number is 0 for no bundle.
func (b *ModelBundle) number() uint32 {
	if b == nil {
		return 0
	}
	return b.Number
}

func (e *ModelEvent) channelName(no int) string {
	if no == 0 {
		return ""
	}
	return e.Channels[no-1].Name
}

// compareRules compares the rules, what is counted for them, and the areas.
func (e *ModelEvent) compareRules(g *shard.Event) error {
	if g.Rules() != e.Create.Rules || (g.Plan() != nil) != (e.Plan != nil) || g.Areas() != e.areas() {
		return fmt.Errorf("rules %+v, a plan: %v, %d areas; model %+v, %d areas", g.Rules(), g.Plan() != nil, g.Areas(), e.Create.Rules, e.areas())
	}
	for i := range e.areas() {
		if got, want := g.Area(i), e.areaNow(i); got != want {
			return fmt.Errorf("area %d is %+v, model %+v", i, got, want)
		}
	}
	if e.Create.Rules.PerHolder > 0 {
		for _, h := range e.Holds {
			if got, want := g.Has(h.Holder), e.has(h.Holder); got != want {
				return fmt.Errorf("%s has %d, model %d", h.Holder, got, want)
			}
		}
	}
	return e.compareAreaChanges(g)
}

func (e *ModelEvent) compareAreaChanges(g *shard.Event) error {
	for since := len(e.History) + 1; since >= 0 && e.areas() > 0; since -= 1 + len(e.History)/10 {
		var want []uint32
		for i := range uint32(e.areas()) {
			if e.changedAt(shard.AreaCode(i, 0)) > uint64(since) {
				want = append(want, i)
			}
		}
		if got := g.AreasChangedSince(uint64(since), nil); !slices.Equal(got, want) {
			return fmt.Errorf("areas changed since %d: %v, model %v", since, got, want)
		}
	}
	return nil
}

// compareBundles compares every bundle, and what has to be seen to.
func (m *Model) compareBundles(s *shard.State) error {
	busy := 0
	for n := range uint32(len(m.Bundles) + 2) {
		got, ok := s.Bundle(n)
		b := m.bundle(n)
		if ok != (b != nil) {
			return fmt.Errorf("bundle %d is there: %v, model %v", n, ok, b != nil)
		}
		if b == nil {
			continue
		}
		if b.busy() {
			busy++
		}
		if err := m.compareBundle(s, b, got); err != nil {
			return err
		}
	}
	if got := s.Busy(nil); len(got) != busy || slices.ContainsFunc(got, func(b shard.BundleInfo) bool { return !m.bundle(b.Number).busy() }) {
		return fmt.Errorf("to be seen to: %+v, model %d", got, busy)
	}
	return nil
}

func (m *Model) compareBundle(s *shard.State, b *ModelBundle, got shard.BundleInfo) error {
	var parts []shard.Part
	for _, p := range b.Parts {
		parts = append(parts, p.Part)
	}
	if got.Number != b.Number || got.State != b.State || got.Home != b.Home || got.At != b.At || got.Since != b.Since ||
		!slices.Equal(got.Parts, parts) || !slices.Equal(got.Pending, b.Pending) {
		return fmt.Errorf("bundle %d is %+v, model %+v", b.Number, got, *b)
	}
	t := shard.Txn{Home: b.Home, Bundle: b.At}
	if b.Home == 0 || m.joined(t) != b {
		return nil
	}
	if found, ok := s.Joined(t); !ok || found.Number != b.Number {
		return fmt.Errorf("%+v is found as bundle %d (%v), model %d", t, found.Number, ok, b.Number)
	}
	return nil
}
