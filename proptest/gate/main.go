// Command gate is what the mutation gate builds against a shard with a bug planted in
// its source: it plays runs from seeds and ends with 1 as soon as one of them fails, or
// with 0 if nobody notices anything.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/usherhq/usher/proptest"
)

func main() {
	seeds := flag.Uint64("seeds", 40, "runs of each kind")
	flag.Parse()
	for seed := range *seeds {
		if err := play(seed); err != nil {
			fmt.Printf("seed %d: %.400v\n", seed, err)
			os.Exit(1)
		}
	}
}

// play plays one run of each kind. A panic of the state machine is noticed as well.
func play(seed uint64) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	if err := proptest.Play(proptest.Seeded(seed), proptest.NewReal(), 250); err != nil {
		return err
	}
	if _, err := proptest.PlayGroups(proptest.Seeded(seed), 250); err != nil {
		return fmt.Errorf("groups: %w", err)
	}
	return proptest.Simulate(seed, 2, 200, nil)
}
