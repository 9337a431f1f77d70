// Command gate is what the mutation gate builds against a shard, or waiting rooms,
// with a bug planted in the source: it plays runs from seeds and ends with 1 as soon as one of them fails, or
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
	rooms := flag.Bool("rooms", false, "waiting rooms, and not seats")
	flag.Parse()
	for seed := range *seeds {
		if err := play(seed, *rooms); err != nil {
			fmt.Printf("seed %d: %.400v\n", seed, err)
			os.Exit(1)
		}
	}
}

// play plays one run of each kind. A panic of the state machine is noticed as well.
func play(seed uint64, rooms bool) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	if rooms {
		return proptest.PlayRooms(proptest.Seeded(seed), 300)
	}
	if err := proptest.Play(proptest.Seeded(seed), proptest.NewReal(), 250); err != nil {
		return err
	}
	if _, err := proptest.PlayGroups(proptest.Seeded(seed), 250); err != nil {
		return fmt.Errorf("groups: %w", err)
	}
	return proptest.Simulate(seed, 2, 200, nil)
}
