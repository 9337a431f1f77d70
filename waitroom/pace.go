package waitroom

// Admissions are held to two bounds of time. The pace is smooth: credit grows with time, up to
// what one second gives, and an admission takes its share of it. And no 60 seconds, wherever
// they begin, see more than NewPerMinute.

const (
	minuteMS  = 60_000
	bucketMS  = 100
	buckets   = minuteMS/bucketMS + 1 // the oldest may be within the minute in part: it counts
	perTicket = minuteMS              // credit that one admission takes; a pace of n gives n a ms
)

// creditCap is what one second gives, and at least one admission.
func creditCap(pace uint32) int64 { return max(perTicket, int64(pace)*1000) }

// creditNow is the credit there is at now.
func (h *head) creditNow(now int64) int64 {
	elapsed := min(max(now-h.creditAt, 0), minuteMS)
	return min(h.credit+elapsed*int64(h.pace), creditCap(h.pace))
}

// nearMinutes is how much of the line counts as near: what the pace admits in so long. Those who
// see no end leave much sooner than those before them, so that how fast the line shrinks before
// somebody is told by who leaves near its front.
const nearMinutes = 30

// near is how many of those who wait are near.
func (r *Room) near() uint32 {
	return uint32(min(uint64(r.states[Waiting]), uint64(r.pace)*nearMinutes))
}

// minute counts what happened in the last 60 s, in tenths of a second. What it says is never
// too little, and what is older than 60.1 s is not in it.
type minute struct {
	counts [buckets]uint32
	newest int64 // number of the newest bucket, since 1970
	sum    uint32
}

func bucketOf(now int64) int64 { return now / bucketMS }

// expired is how many of the buckets are too old at now.
func (m *minute) expired(now int64) int64 { return min(max(bucketOf(now)-m.newest, 0), buckets) }

// at is the count at now.
func (m *minute) at(now int64) uint32 {
	sum := m.sum
	for k, n := int64(1), m.expired(now); k <= n; k++ {
		sum -= m.counts[(m.newest+k)%buckets]
	}
	return sum
}

func (m *minute) add(now int64, n uint32) {
	gone := m.expired(now)
	for k := int64(1); k <= gone; k++ {
		c := &m.counts[(m.newest+k)%buckets]
		m.sum -= *c
		*c = 0
	}
	m.newest = max(m.newest, bucketOf(now))
	m.counts[m.newest%buckets] += n
	m.sum += n
}
