package shard

import (
	"cmp"
	"slices"
	"sort"
)

// sieve knows for each category, or section, its seats: as pieces of the words they are
// in, since a set of the whole house for each would be far too much.
type sieve []siftWord // by class, then word

type siftWord struct {
	class uint16
	word  uint32
	mask  uint64
}

func newSieve(class []uint16) sieve {
	var s sieve
	for from := 0; from < len(class); from += 64 {
		s = s.addWord(class[from:min(from+64, len(class))], uint32(from>>6))
	}
	slices.SortStableFunc(s, func(a, b siftWord) int { return cmp.Compare(a.class, b.class) })
	return slices.Clip(s)
}

// addWord adds the pieces of one word's seats.
func (s sieve) addWord(class []uint16, word uint32) sieve {
	start := len(s)
	for i, c := range class {
		at := slices.IndexFunc(s[start:], func(w siftWord) bool { return w.class == c })
		if at < 0 {
			at = len(s) - start
			s = append(s, siftWord{c, word, 0})
		}
		s[start+at].mask |= 1 << i
	}
	return s
}

// sift puts into dst what of src is of the class; they are as long as each other.
func (s sieve) sift(dst, src seatSet, class uint16) {
	clear(dst)
	i := sort.Search(len(s), func(i int) bool { return s[i].class >= class })
	for ; i < len(s) && s[i].class == class; i++ {
		dst[s[i].word] = src[s[i].word] & s[i].mask
	}
}
