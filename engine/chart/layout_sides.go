package chart

import (
	"strings"
	"unicode"
)

// side is a side of the pitch, clockwise as one looks at the drawing.
type side int

const (
	north side = iota
	east
	south
	west
)

// compass is what names of sections call the sides. One letter alone is left out: block "E" is more often the fifth.
var compass = map[string]side{
	"north": north, "nord": north, "norte": north, "noord": north,
	"east": east, "est": east, "ost": east, "este": east, "oost": east,
	"south": south, "sud": south, "süd": south, "sur": south, "zuid": south,
	"west": west, "ouest": west, "oeste": west, "ovest": west,
}

// A stand is the sections on one side of the pitch, tier by tier from the front, each tier clockwise.
type stand struct {
	tiers [][]*block
	names []string
}

// stadium is its four sides, by side.
type stadium [4]stand

// sides sorts a stadium's sections to the sides of the pitch, in chart order clockwise; nil if this is no stadium. It is one if
//
//   - the names begin with points of the compass ("west-1", "North Stand 12") for three sides, or two opposite ones; sections of other names are handed back, or
//   - there are at least twelve sections and 5,000 seats: those stand around the pitch in chart order, beginning at the top left.
//
// Within a side, tiers are told apart by what follows the side in the name: see tierOf.
func sides(sections []*Section) (around *stadium, beside []*Section) {
	around, seats := new(stadium), 0
	for _, s := range sections {
		seats += s.seats()
		if at, tail, ok := sideOf(s.Name); ok {
			around[at].add(tierOf(tail), measure(s))
		} else {
			beside = append(beside, s)
		}
	}
	if around.named() {
		return around, beside
	}
	if len(sections) >= 12 && seats >= 5000 {
		return ring(sections), nil
	}
	return nil, sections
}

// named tells whether enough sides were recognised.
func (around *stadium) named() bool {
	has := func(s side) bool { return len(around[s].tiers) > 0 }
	return has(north) && has(south) || has(east) && has(west)
}

// sideOf reads the side from the first word of a section's name, and gives the words after it. A corner ("north-east 3") belongs to its long side.
func sideOf(name string) (side, string, bool) {
	first, rest := word(name)
	at, ok := compass[first]
	if second, tail := word(rest); ok {
		if _, corner := compass[second]; corner {
			rest = tail
		}
	}
	return at, rest, ok
}

// word cuts the first word off a name, in lower case.
func word(name string) (first, rest string) {
	name = strings.TrimLeft(name, "-_ ./")
	if i := strings.IndexAny(name, "-_ ./"); i >= 0 {
		return strings.ToLower(name[:i]), name[i:]
	}
	return strings.ToLower(name), ""
}

// tierOf names the tier that a section belongs to by the rest of its name: the hundred of a three-digit number ("214" is on tier 2), or a word of at least two letters ("VIP_B",
// "upper-3"); words for places side by side are none. Numbers below a hundred and single letters are the first tier.
func tierOf(tail string) string {
	tail = strings.ToLower(strings.TrimLeft(tail, "-_ ./"))
	letters := 0
	for letters < len(tail) && 'a' <= tail[letters] && tail[letters] <= 'z' {
		letters++
	}
	switch stem := tail[:letters]; stem {
	case "left", "right", "center", "centre", "middle", "block", "section", "sector", "stand", "tribune":
		return ""
	default:
		if letters >= 2 {
			return stem
		}
	}
	if len(tail) == 3 && strings.IndexFunc(tail, func(r rune) bool { return !unicode.IsDigit(r) }) < 0 {
		return tail[:1]
	}
	return ""
}

// add appends a section to a tier. Sections without a tier's name are the front one; the others follow in the order in which they come.
func (s *stand) add(tier string, b *block) {
	for i, name := range s.names {
		if name == tier {
			s.tiers[i] = append(s.tiers[i], b)
			return
		}
	}
	if tier == "" {
		s.names = append([]string{""}, s.names...)
		s.tiers = append([][]*block{{b}}, s.tiers...)
		return
	}
	s.names = append(s.names, tier)
	s.tiers = append(s.tiers, []*block{b})
}

// ring deals each tier's sections to the four sides in chart order, so that top and bottom get half as much again as the sides.
func ring(sections []*Section) *stadium {
	all, around := new(stand), new(stadium)
	for _, s := range sections {
		all.add(tierOf(s.Name), measure(s))
	}
	for i, tier := range all.tiers {
		total, done := 0, 0
		for _, b := range tier {
			total += b.width
		}
		for _, b := range tier {
			around[share(float64(2*done+b.width)/float64(2*total))].add(all.names[i], b)
			done += b.width
		}
	}
	return around
}

// share is the side on which a section belongs whose middle is this part of the way round.
func share(part float64) side {
	switch {
	case part < 0.3:
		return north
	case part < 0.5:
		return east
	case part < 0.8:
		return south
	}
	return west
}
