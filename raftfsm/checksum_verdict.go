package raftfsm

import (
	"maps"
	"slices"
)

// What a comparison can come to.
const (
	checksumEqual    = "equal"
	checksumAlone    = "alone"     // nobody else has a digest to compare with
	checksumDiverged = "diverged"  // a majority of the voters is right, others are wrong
	checksumSplit    = "split"     // voters differ, and none of their digests has a majority
	checksumUnclear  = "undecided" // only others than voters differ, from too few voters
	checksumFailed   = "failed"
)

var checksumResults = []string{checksumEqual, checksumAlone, checksumDiverged, checksumSplit, checksumUnclear, checksumFailed}

// verdict is what a comparison came to.
type verdict struct {
	result string
	right  Digest   // of diverged
	wrong  []string // who is to stop, in the order of the alphabet
}

// judge compares the digests that replicas have at one entry. Right is what a majority of all
// voters has, those included that did not answer: what is committed is theirs. When voters
// differ and there is no such majority, everyone who answered is to stop.
func judge(voters []string, answers map[string]Digest) verdict {
	everyone := slices.Sorted(maps.Keys(answers))
	votes := make(map[Digest]int)
	for _, id := range voters {
		if d, ok := answers[id]; ok {
			votes[d]++
		}
	}
	switch {
	case len(answers) < 2:
		return verdict{result: checksumAlone}
	case same(answers):
		return verdict{result: checksumEqual}
	}
	for d, n := range votes {
		if n > len(voters)/2 {
			wrong := slices.DeleteFunc(everyone, func(id string) bool { return answers[id] == d })
			return verdict{result: checksumDiverged, right: d, wrong: wrong}
		}
	}
	if len(votes) < 2 {
		return verdict{result: checksumUnclear}
	}
	return verdict{result: checksumSplit, wrong: everyone}
}

func same(answers map[string]Digest) bool {
	seen := make(map[Digest]bool)
	for _, d := range answers {
		seen[d] = true
	}
	return len(seen) == 1
}
