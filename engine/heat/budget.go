package heat

import "sync/atomic"

// budget is the pages that may yet be made: 0 <= left <= max. A nil budget has no end.
type budget struct {
	max  int64
	left atomic.Int64
}

func newBudget(pages int64) *budget {
	b := &budget{max: pages}
	b.left.Store(pages)
	return b
}

func (b *budget) take() bool {
	if b == nil {
		return true
	}
	if b.left.Add(-1) < 0 {
		b.left.Add(1)
		return false
	}
	return true
}

func (b *budget) give(n int64) {
	if b != nil {
		b.left.Add(n)
	}
}

// used is the pages there are.
func (b *budget) used() int64 { return b.max - max(b.left.Load(), 0) }
