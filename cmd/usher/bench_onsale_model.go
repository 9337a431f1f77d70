package main

import (
	"math"
	"math/rand/v2"
	"time"
)

// The model of the crowd: docs/ONSALE.md says it in words. All times are milliseconds of log
// time, from the opening on; before it they are negative.

const (
	onsaleNights = 3
	onsaleSeats  = 90_000 // of a night, at scale 1
	onsaleHolder = 6      // seats that a holder may have
	holdSeconds  = 480
	firstUse     = 120 // seconds
	session      = 600 // seconds

	second = int64(1000)
	minute = 60 * second

	lobbyOpens  = 45 * minute // before the opening
	inLobby     = 0.65        // of all people; more and more come the nearer the opening is
	atOpening   = 0.15        // within seconds of it
	spikeMean   = 20 * second
	tailMean    = 15 * minute
	lobbyLeaves = 0.001 // a minute, of who waits for the draw

	flexibleAll = 0.35 // would take any night
	flexibleOne = 0.15 // would take one other

	picks     = 0.5 // choose seats from the map; the others ask for the best
	maxTries  = 5
	smaller   = 0.5 // of who finds no seats for the party come to it with one less
	away      = 0.10
	never     = 0.03
	rejoins   = 0.5 // of those who came too late for their admission
	booksHold = 0.85
	freesHold = 0.07 // give it back and leave; the rest lets it expire
)

// onsaleCrowd are the people whose first choice is night 1, 2, 3, at scale 1.
var onsaleCrowd = [onsaleNights]float64{2_100_000, 1_800_000, 1_600_000}

var onsaleParties = []uint8{1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 4, 4, 4, 5, 6}

type fanState uint8

const (
	fanAbsent  fanState = iota
	fanInLobby          // until the draw is known to be done
	fanWaits
	fanAdmitted // and has not come yet
	fanInside
	fanBooked
	fanGone
)

// fan is one person. There may be millions, so it is small.
type fan struct {
	arrives int32
	known   int32 // when it knew its place
	toldAt  int32
	told    int32 // how long it was to wait then; 0: it was not told
	ticket  uint32
	first   uint8 // wanted night
	more    uint8 // how many others, in their order from first on
	party   uint8
	tier    uint8
	tries   uint8
	state   fanState
}

// newCrowdOf makes the people of a seed: the same ones for both sales.
func newCrowdOf(scale float64, seed uint64) []fan {
	rng := rand.New(rand.NewPCG(seed, 1))
	var fans []fan
	for night, n := range onsaleCrowd {
		for range int(math.Ceil(n * scale)) {
			fans = append(fans, newFan(rng, uint8(night)))
		}
	}
	return fans
}

func newFan(rng *rand.Rand, night uint8) fan {
	f := fan{first: night, party: onsaleParties[rng.IntN(len(onsaleParties))], arrives: int32(arrival(rng))}
	switch x := rng.Float64(); {
	case x < flexibleAll:
		f.more = onsaleNights - 1
	case x < flexibleAll+flexibleOne:
		f.more = 1
	}
	switch x := rng.Float64(); {
	case x < 0.01:
		f.tier = 2
	case x < 0.06:
		f.tier = 1
	}
	return f
}

var fanTiers = [...]string{"", "gold", "platinum"}

func arrival(rng *rand.Rand) int64 {
	switch x := rng.Float64(); {
	case x < inLobby:
		return -int64(float64(lobbyOpens) * (1 - math.Sqrt(rng.Float64())))
	case x < inLobby+atOpening:
		return exponential(rng, spikeMean)
	}
	return min(exponential(rng, tailMean), 4*60*minute)
}

func exponential(rng *rand.Rand, mean int64) int64 { return int64(rng.ExpFloat64() * float64(mean)) }

// think is log-normal around a median: most decide soon, some take their time.
func think(rng *rand.Rand, median, most int64) int64 {
	return min(int64(float64(median)*math.Exp(0.6*rng.NormFloat64())), most)
}

// wants is the i-th night that a person would take; false when there are no more.
func (f *fan) wants(i int) (night int, ok bool) {
	return (int(f.first) + i) % onsaleNights, i <= int(f.more)
}

// leaves is how likely who waits gives up within a time, having been told how long it will
// take: 0.2 % a minute, and 0.05 % more for each minute told, up to 4 %.
func leaves(told time.Duration, within int64) float64 {
	hazard := min(0.002+0.0005*told.Minutes(), 0.04)
	return 1 - math.Exp(-hazard*float64(within)/float64(minute))
}

// reaction is how long after the admission somebody comes; false: never.
func reaction(rng *rand.Rand) (after int64, ok bool) {
	switch x := rng.Float64(); {
	case x < never:
		return 0, false
	case x < never+away:
		return rng.Int64N(240 * second), true
	}
	return think(rng, 8*second, minute), true
}
