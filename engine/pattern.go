package engine

import "fmt"

// pattern is how a claim of one event is made: what the request says, else the event.
func (e *Engine) pattern(ref *eventRef, r *HoldRequest) (Mode, *Routing, error) {
	return e.patternOf([]*eventRef{ref}, r)
}

func (e *Engine) patternOf(refs []*eventRef, r *HoldRequest) (Mode, *Routing, error) {
	mode := r.Mode
	if mode == "" {
		mode = refs[0].settings.Strategy
	}
	if !mode.known() {
		return "", nil, &InvalidError{"mode", fmt.Sprintf("%q is not one of %s", mode, modeNames)}
	}
	return mode, nil, nil
}
