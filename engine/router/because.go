package router

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// measure says a signal's value, and a bound of it.
type measure struct {
	value func(x float64, in *Inputs) string
	bound func(x float64) string
}

var (
	lost = measure{
		value: func(x float64, in *Inputs) string { return percent(x) + " of attempts lost" + lately(in.Window) },
		bound: percent,
	}
	perSecond = measure{
		value: func(x float64, _ *Inputs) string { return number(x) + " attempts a second" },
		bound: number,
	}
	slowness = measure{
		value: func(x float64, _ *Inputs) string { return "booking takes " + number(x) + " ms at p99" },
		bound: func(x float64) string { return number(x) + " ms" },
	}
	remaining = measure{
		value: func(x float64, _ *Inputs) string { return percent(x) + " of the seats are left" },
		bound: percent,
	}
)

// tell says why a signal is on.
func tell(m measure, x float64, in *Inputs, b Band, t *Table) string {
	enter, leave := "at least ", "not yet below "
	if b.Enter < b.Leave {
		enter, leave = "at most ", "not yet above "
	}
	switch {
	case b.entered(x):
		return m.value(x, in) + ", " + enter + m.bound(b.Enter)
	case b.left(x):
		return m.value(x, in) + ", but " + enter + m.bound(b.Enter) + " in the last " + number(t.DwellSeconds) + " s"
	}
	return m.value(x, in) + ", " + leave + m.bound(b.Leave)
}

// tellOff says why a signal, entered from below, is not on.
func tellOff(m measure, x float64, in *Inputs, b Band, t *Table) string {
	if b.entered(x) {
		return m.value(x, in) + ", but below " + m.bound(b.Leave) + " in the last " + number(t.DwellSeconds) + " s"
	}
	return m.value(x, in) + ", below " + m.bound(b.Enter)
}

func lately(window time.Duration) string {
	if window <= 0 {
		return " lately"
	}
	return " in the last " + number(window.Seconds()) + " s"
}

func percent(x float64) string { return number(x*100) + " %" }

// number has one decimal at most, none from 100 on, and commas between thousands.
func number(x float64) string {
	if math.IsNaN(x) || math.Abs(x) >= 1e15 {
		return fmt.Sprint(x)
	}
	if math.Abs(x) < 100 {
		return strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64)
	}
	digits := strconv.FormatFloat(math.Abs(x), 'f', 0, 64)
	var b strings.Builder
	if x < 0 {
		b.WriteByte('-')
	}
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}
