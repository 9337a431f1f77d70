package engine

// SetHeatOff switches counting between two rounds of a benchmark: two engines differ by
// more than what is to be measured.
func (e *Engine) SetHeatOff(off bool) { e.cfg.HeatOff = off }
