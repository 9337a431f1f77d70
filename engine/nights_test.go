package engine

import (
	"slices"
	"testing"
)

func TestNights(t *testing.T) {
	for _, c := range []struct{ wanted, list []int }{
		{nil, []int{0, 1, 2, 3, 4, 5, 6, 7}},
		{[]int{0}, []int{0}},
		{[]int{5}, []int{5}},
		{[]int{3, 0}, []int{3, 0}},
		{[]int{0, 3}, []int{0, 3}},
		{[]int{7, 6, 5, 4}, []int{7, 6, 5, 4}},
		{[]int{7, 6, 5, 4, 3, 0}, []int{7, 6, 5, 4, 0, 3}}, // four have an order
	} {
		n := packNights(c.wanted)
		if got := listNights(n, 8); !slices.Equal(got, c.list) {
			t.Errorf("%v: %v, want %v", c.wanted, got, c.list)
		}
		for night := range 8 {
			if got := wantsNight(n, night); got != slices.Contains(c.list, night) {
				t.Errorf("%v: night %d is wanted: %v", c.wanted, night, got)
			}
		}
	}
	all := make([]int, 16)
	for i := range all {
		all[i] = 15 - i
	}
	if got := listNights(packNights(all), 16); len(got) != 16 || got[0] != 15 || got[4] != 0 {
		t.Errorf("sixteen nights: %v", got)
	}
	if got := listNights(0, 16); len(got) != 16 {
		t.Errorf("all of sixteen nights: %v", got)
	}
}
