package heat

import "math"

const (
	// viewerWeight is what someone who looks counts for in attempts.
	viewerWeight = 1
	// sectionSeats is how many average seats of a section give its class.
	sectionSeats = 16
	// MaxClass is the class of the hottest; 0 is that of the quiet.
	MaxClass = 7
)

// classOf is the class of a score: its number of digits in base 4, at most MaxClass.
func classOf(score float32) uint8 {
	if !(score >= 1) {
		return 0
	}
	exponent := int(math.Float32bits(score)>>23) - 127 // ⌊log₂ score⌋, of a score that is no less than 1
	return uint8(min(1+exponent/2, MaxClass))
}

// sectionClass is the class of a section of some seats.
func sectionClass(score float64, seats int) uint8 {
	if seats == 0 {
		return 0
	}
	return classOf(float32(score * sectionSeats / float64(seats)))
}
