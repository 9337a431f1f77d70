package router

// Band is a threshold with two values, so that what swings around one of them turns
// nothing. Enter above Leave: it is entered at Enter or more, left below Leave. Enter below
// Leave: it is entered at Enter or less, left above Leave.
type Band struct {
	Enter float64 `json:"enter"`
	Leave float64 `json:"leave"`
}

// entered and left are both false in between, and for what is no number.
func (b Band) entered(x float64) bool {
	if b.Enter < b.Leave {
		return x <= b.Enter
	}
	return x >= b.Enter
}

func (b Band) left(x float64) bool {
	if b.Enter < b.Leave {
		return x > b.Leave
	}
	return x < b.Leave
}

// Latch is whether a signal is on, and since when it is as it is.
type Latch struct {
	On    bool
	Since int64 // unix milliseconds; 0: it never turned, and may at once
}

// next is the latch after a measurement. A clock that went back starts the dwell time anew.
func (l Latch) next(b Band, x float64, now, dwell int64) Latch {
	l.Since = min(l.Since, now)
	turn := b.entered(x)
	if l.On {
		turn = b.left(x)
	}
	if !turn || l.Since != 0 && now-l.Since < dwell {
		return l
	}
	return Latch{!l.On, max(now, 1)}
}
