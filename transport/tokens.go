package transport

import (
	"maps"
	"slices"
	"strings"
)

// A hold over several events has a fencing token in each. Who changes it shows the first
// event's as fencing_token, or those of all as fencing_tokens, by event id.

// tokens reads either form; required wants one of them.
func (f *fields) tokens(required bool) (uint64, map[string]uint64) {
	if !f.has("fencing_tokens") {
		return uint64(f.integer("fencing_token", f.take("fencing_token", required), 1, maxExact)), nil
	}
	f.misplaced("has no place beside fencing_tokens", "fencing_token")
	inner := f.object("fencing_tokens")
	if len(inner.members) == 0 {
		f.fail(f.path+"fencing_tokens", "must name an event")
	}
	tokens := make(map[string]uint64, len(inner.members))
	for _, m := range inner.members {
		tokens[m.name] = uint64(inner.whole(m.name, 1, maxExact))
	}
	return 0, tokens
}

// tokens reads fencing_token=n, or fencing_tokens[event_id]=n for each event.
func (q *query) tokens() (uint64, map[string]uint64) {
	token := q.whole("fencing_token", 1, maxExact)
	var tokens map[string]uint64
	for _, name := range q.names() {
		inner, ok := strings.CutPrefix(name, "fencing_tokens[")
		eventID, closed := strings.CutSuffix(inner, "]")
		if !ok || !closed || eventID == "" {
			continue // done complains of it
		}
		if tokens == nil {
			tokens = map[string]uint64{}
		}
		tokens[eventID] = q.whole(name, 1, maxExact)
	}
	if token != 0 && tokens != nil {
		q.fail("fencing_token", "has no place beside fencing_tokens")
	}
	return token, tokens
}

// names are the parameters that have not been asked for, in order.
func (q *query) names() []string {
	return slices.Sorted(maps.Keys(q.values))
}
