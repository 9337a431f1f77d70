package engine

import (
	"slices"
	"testing"

	"github.com/usherhq/usher/waitroom"
)

func TestListNights(t *testing.T) {
	for _, c := range []struct{ wanted, list []int }{
		{nil, []int{0, 1, 2, 3, 4, 5, 6, 7}},
		{[]int{0}, []int{0}},
		{[]int{5}, []int{5}},
		{[]int{3, 0}, []int{3, 0}},
		{[]int{7, 6, 5, 4, 3, 0}, []int{7, 6, 5, 4, 0, 3}}, // four have an order
	} {
		n, ok := waitroom.Prefer(c.wanted...)
		if got := listNights(n, 8); !ok || !slices.Equal(got, c.list) {
			t.Errorf("%v: %v, want %v", c.wanted, got, c.list)
		}
	}
}
