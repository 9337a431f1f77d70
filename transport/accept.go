package transport

import (
	"strconv"
	"strings"
)

// weighted is one element of an Accept or Accept-Encoding header.
type weighted struct {
	name string // lower case, parameters other than q dropped
	q    float64
}

// negotiate picks one of the offers, media types without parameters, by an Accept
// header (RFC 9110, 12.5.1): for each offer the most specific range counts, then the
// highest q, then a range that names it, then the order of the header, then of the
// offers. False if the client accepts none.
func negotiate(header []string, offers ...string) (string, bool) {
	ranges := parseWeighted(header)
	if len(ranges) == 0 {
		return offers[0], true
	}
	best, bestRank := "", rank{}
	for _, offer := range offers {
		if r := rankOf(offer, ranges); r.q > 0 && (best == "" || r.before(bestRank)) {
			best, bestRank = offer, r
		}
	}
	return best, best != ""
}

// rank is how well an offer fits: first q, then specific, then place.
type rank struct {
	q        float64
	specific int // 3 type/subtype, 2 type/*, 1 */*
	place    int // of the range in the header
}

func (r rank) before(other rank) bool {
	if r.q != other.q {
		return r.q > other.q
	}
	if r.specific != other.specific {
		return r.specific > other.specific
	}
	return r.place < other.place
}

func rankOf(offer string, ranges []weighted) rank {
	family, _, _ := strings.Cut(offer, "/")
	var found rank
	for i, w := range ranges {
		specific := 0
		switch w.name {
		case offer:
			specific = 3
		case family + "/*":
			specific = 2
		case "*/*":
			specific = 1
		}
		if specific > found.specific {
			found = rank{w.q, specific, i}
		}
	}
	return found
}

// acceptsGzip tells whether an Accept-Encoding header asks for gzip.
func acceptsGzip(header []string) bool {
	any, named, q := 0.0, false, 0.0
	for _, w := range parseWeighted(header) {
		switch w.name {
		case "gzip", "x-gzip":
			named, q = true, w.q
		case "*":
			any = w.q
		}
	}
	if named {
		return q > 0
	}
	return any > 0
}

// maxRanges bounds what is looked at of a header that may have 16 KiB.
const maxRanges = 64

// parseWeighted reads the elements of a header that may stand on several lines. A q
// that is no number from 0 to 1 makes its element void.
func parseWeighted(header []string) []weighted {
	var list []weighted
	for _, line := range header {
		for part := range strings.SplitSeq(line, ",") {
			if w, ok := parseElement(part); ok && len(list) < maxRanges {
				list = append(list, w)
			}
		}
	}
	return list
}

func parseElement(part string) (weighted, bool) {
	name, params, _ := strings.Cut(part, ";")
	w := weighted{strings.ToLower(strings.TrimSpace(name)), 1}
	for param := range strings.SplitSeq(params, ";") {
		key, value, _ := strings.Cut(param, "=")
		if !strings.EqualFold(strings.TrimSpace(key), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || !(q >= 0 && q <= 1) {
			return weighted{}, false
		}
		w.q = q
	}
	return w, w.name != ""
}
