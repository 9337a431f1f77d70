package router

import (
	"testing"
	"time"
)

// quiet is a request for two named seats of an event that nobody is at.
func quiet() Inputs {
	return Inputs{
		Window: 30 * time.Second, Left: 0.9, Free: 80_000, LatencyP99: 4 * time.Millisecond,
		ShowTime: true, Nights: 1, Party: 2, NamedSeats: true, Accept: Exact,
	}
}

func broadway() Inputs {
	in := quiet()
	in.Series, in.SeriesShows, in.Accept = true, 8, Substitute
	in.Contention, in.AttemptRate, in.Left, in.Free = 0.2, 6, 0.4, 600
	return in
}

func hotel() Inputs {
	in := quiet()
	in.ShowTime, in.Nights, in.Party = false, 14, 1
	in.Contention, in.AttemptRate, in.Left, in.Free = 0.22, 2, 0.3, 60
	return in
}

func residency() Inputs {
	in := quiet()
	in.Series, in.SeriesShows, in.Nights = true, 3, 3
	in.Contention, in.AttemptRate, in.Left, in.Free = 0.4, 300, 0.5, 9_000
	return in
}

func flashSale() Inputs {
	in := quiet()
	in.Contention, in.AttemptRate, in.Left, in.Free = 0.93, 25_000, 0.7, 63_000
	in.WaitingRoom = true
	return in
}

// The field's playbook, and an event that needs none.
func TestPlaybook(t *testing.T) {
	for _, c := range []struct {
		name string
		in   Inputs
		want Decision
	}{
		{"Broadway, 8 shows a week", broadway(), Decision{SkipLocked, "20 % of attempts lost in the last 30 s, at least 5 %, for a run of 8 shows a week"}},
		{"hotel of many nights", hotel(), Decision{Optimistic, "14 nights at once: 22 % of attempts lost in the last 30 s, below 50 %"}},
		{"residency of three nights", residency(), Decision{Lease, "3 nights at once: 40 % of attempts lost in the last 30 s, at least 25 %"}},
		{"flash sale", flashSale(), Decision{Queue, "25,000 attempts a second, at least 1,000"}},
		{"quiet event", quiet(), Decision{Direct, "0 % of attempts lost in the last 30 s, below 15 %"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, _ := Decide(c.in, State{}, 1000, DefaultTable()); got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

// What stands in the way of a pattern sends the request on down the order, and is said.
func TestNextBest(t *testing.T) {
	change := func(in Inputs, f func(*Inputs)) Inputs { f(&in); return in }
	for _, c := range []struct {
		name string
		in   Inputs
		want Decision
	}{
		{"no other seats accepted", change(broadway(), func(in *Inputs) { in.Accept = Exact }),
			Decision{Direct, "20 % of attempts lost in the last 30 s, at least 5 %, for a run of 8 shows a week; but the request accepts no other seats"}},
		{"other seats to be proposed", change(broadway(), func(in *Inputs) { in.Accept = Suggest }),
			Decision{SkipLocked, "20 % of attempts lost in the last 30 s, at least 5 %, for a run of 8 shows a week; other seats are proposed only"}},
		{"best available", change(broadway(), func(in *Inputs) { in.NamedSeats = false }),
			Decision{Direct, "20 % of attempts lost in the last 30 s, at least 5 %, for a run of 8 shows a week; but the request names no seats to replace"}},
		{"flash sale without a room", change(flashSale(), func(in *Inputs) { in.WaitingRoom = false }),
			Decision{Direct, "93 % of attempts lost in the last 30 s, at least 15 %; but the request accepts no other seats; there is no waiting room for the flood: 25,000 attempts a second, at least 1,000"}},
		{"flash sale without a room, others accepted", change(flashSale(), func(in *Inputs) { in.WaitingRoom, in.Accept = false, Substitute }),
			Decision{SkipLocked, "93 % of attempts lost in the last 30 s, at least 15 %; there is no waiting room for the flood: 25,000 attempts a second, at least 1,000"}},
		{"few left of a residency", change(residency(), func(in *Inputs) { in.Contention, in.Left = 0.1, 0.04 }),
			Decision{Lease, "3 nights at once: 4 % of the seats are left, at most 10 %"}},
		{"few rooms left of a hotel", change(hotel(), func(in *Inputs) { in.Left = 0.04 }),
			Decision{Optimistic, "14 nights at once: 22 % of attempts lost in the last 30 s, below 50 %"}},
		{"residency with a flood and a room", change(residency(), func(in *Inputs) { in.AttemptRate, in.WaitingRoom = 1300, true }),
			Decision{Queue, "1,300 attempts a second, at least 1,000"}},
		{"platinum in it", change(residency(), func(in *Inputs) { in.AttemptRate, in.WaitingRoom, in.Tier = 1300, true, "platinum" }),
			Decision{Lease, "3 nights at once: 40 % of attempts lost in the last 30 s, at least 25 %"}},
		{"a crush", change(flashSale(), func(in *Inputs) { in.AttemptRate = 60 }),
			Decision{Queue, "93 % of attempts lost in the last 30 s, at least 80 %, and 60 attempts a second, at least 50"}},
		{"a slow node", change(quiet(), func(in *Inputs) { in.LatencyP99, in.WaitingRoom = 1200*time.Millisecond, true }),
			Decision{Queue, "booking takes 1,200 ms at p99, at least 500 ms"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, _ := Decide(c.in, State{}, 1000, DefaultTable()); got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}
