package proptest

import (
	"fmt"
	"slices"
)

// Actions are what may happen, by name.
func (x *Run) Actions() map[string]func() error {
	one := func(make func() Op) func() error { return func() error { return x.Do(make()) } }
	return map[string]func() error{
		"claim": one(x.hold), "claim again": one(x.hold), "claim more": one(x.hold),
		"extend": one(x.extend), "release": one(x.release), "book": one(x.book), "book more": one(x.book), "cancel": one(x.cancel),
		"block": one(x.block), "expire": one(x.expire), "create": one(x.create), "illegal": one(x.illegal), "illegal more": one(x.illegal),
		"choose": one(x.claim), "choose again": one(x.claim), "choose more": one(x.claim), "allot": one(x.allot),
		"begin": one(x.begin), "prepare": x.prepare, "prepare more": x.prepare, "decide": one(x.decide),
		"decide more": one(x.decide), "resolve": one(x.resolve), "resolve more": one(x.resolve), "ack": one(x.ack),
		"retry": one(x.retry), "retry more": one(x.retry),
		"time": x.wait, "clock back": x.clockBack, "sweep": x.sweep, "grind": x.grind, "grind bundles": x.grindBundles,
		"reload": x.reload, "restore": x.restore, "freeze": x.freeze, "thaw": x.thaw,
	}
}

var actionNames = sortedNames()

func sortedNames() []string {
	var names []string
	for name := range (&Run{}).Actions() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Step does one action, any, and verifies.
func (x *Run) Step() error {
	name := pick(x.Dice, actionNames...)
	if err := x.Actions()[name](); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := x.Verify(); err != nil {
		return fmt.Errorf("after %s: %w", name, err)
	}
	return nil
}

// Play makes a world and does so many steps in it.
func Play(d Dice, s Subject, steps int) error {
	x, err := NewRun(d, s, nil)
	if err != nil {
		return err
	}
	for i := range steps {
		if err := x.Step(); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
	}
	return x.thaw()
}
