package proptest

import (
	"testing"

	"pgregory.net/rapid"
)

// TestRoomsAgainstModel runs random commands, times, crashes and restores on waiting rooms,
// on a twin and on the model, and compares all that can be read after each. Longer:
//
//	go test ./proptest -run RoomsAgainstModel -rapid.checks=100000
func TestRoomsAgainstModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x, err := NewRoomRun(rolls{t})
		if err != nil {
			t.Fatal(err)
		}
		actions := map[string]func(*rapid.T){"": func(t *rapid.T) {
			if err := x.Verify(); err != nil {
				t.Fatal(err)
			}
		}}
		for name, do := range x.Actions() {
			actions[name] = func(t *rapid.T) {
				x.Dice = rolls{t}
				if err := do(); err != nil {
					t.Fatal(err)
				}
			}
		}
		t.Repeat(actions)
	})
}

// TestRoomsFromSeeds is the same without rapid: longer runs. A failure names its seed.
func TestRoomsFromSeeds(t *testing.T) {
	t.Parallel()
	for seed := range uint64(envInt("USHER_PROPTEST_SEEDS", 25)) {
		if err := PlayRooms(Seeded(seed), 300); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// FuzzRooms lets coverage steer the same generators.
func FuzzRooms(f *testing.F) {
	for i := range 8 {
		f.Add([]byte{byte(i), 3, 20, 0, 1, 2, byte(i * 7), 9, 1, 0, 4, 4, 11, 2, byte(i * 3), 7, 5, 1, 1, 0, 14, 2, 19, 1, 8, 1, 6})
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d := &Tape{b}
		x, err := NewRoomRun(d)
		for err == nil && !d.Done() {
			err = x.Step()
		}
		if err != nil {
			t.Fatal(err)
		}
	})
}
