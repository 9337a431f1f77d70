package main

import "testing"

func TestGrowth(t *testing.T) {
	for live, want := range map[uint64]int{0: 400, 10 << 20: 400, 256 << 20: 400, 512 << 20: 200, 1 << 30: 100, 3 << 30: 50} {
		if got := growth(live); got != want {
			t.Errorf("%d bytes in use: %d %%, want %d", live, got, want)
		}
	}
}
