package heat

// PriorStrength is how many attempts the prior of a success chance is worth.
const PriorStrength = 8

// shrunk is the share of attempts that won, drawn toward prior while they are few.
func shrunk(s sum, prior float64) float64 {
	return (s.won + PriorStrength*prior) / (s.attempts() + PriorStrength)
}

// bounded is p, but no more than what is available for each of the viewers.
func bounded(p float64, available, viewers int) float64 {
	return min(p, float64(available)/float64(max(1, viewers)))
}
