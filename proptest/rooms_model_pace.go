package proptest

import (
	"cmp"
	"slices"

	"github.com/usherhq/usher/waitroom"
)

// One admission takes 60,000 of credit; a pace of n gives n each ms, and no more can be
// saved than one second gives, or one admission takes.
const roomAdmission = 60_000

func (m *ModelRoom) mostCredit() int64 { return max(roomAdmission, int64(m.Pace)*1000) }

// tick lets time pass.
func (m *ModelRoom) tick(now int64) {
	if now > m.CreditAt {
		ms := min(now-m.CreditAt, 60_000) // which fill it at any pace
		m.Credit = min(m.Credit+ms*int64(m.Pace), m.mostCredit())
		m.CreditAt = now
	}
}

// lastMinute is how many of these times count: those of this tenth of a second and of the
// 600 before.
func lastMinute(times []int64, now int64) (n int) {
	for _, at := range times {
		if at/100 >= now/100-600 {
			n++
		}
	}
	return n
}

func (m *ModelRoom) admits() bool {
	return m.State == waitroom.Open || m.State == waitroom.Draining
}

// allowed is how many may be admitted now.
func (m *ModelRoom) allowed(now int64) int {
	m.tick(now)
	if m.Phase == waitroom.Before || !m.admits() {
		return 0
	}
	return max(0, min(int(m.Credit/roomAdmission), int(m.Cfg.NewPerMinute)-lastMinute(m.Admissions, now),
		int(m.Cfg.MaxActive)-m.count(waitroom.Admitted, waitroom.InShop)))
}

// possible is how many of those who wait could be admitted as far as seats go.
func (m *ModelRoom) possible() (n int) {
	for _, t := range m.Tickets {
		if t.State == waitroom.Waiting && m.wants(t) {
			n++
		}
	}
	return n
}

// admit lets in who is next, one after the other.
func (m *ModelRoom) admit(now int64, limit int) (done int) {
	for n := min(m.allowed(now), limit); done < n; done++ {
		t := m.next()
		if t == nil {
			return done
		}
		m.serve(int(t.Lane))
		t.State, t.Deadline = waitroom.Admitted, now+m.Cfg.FirstUse
		m.Admissions = append(m.Admissions, now)
		m.Credit -= roomAdmission
	}
	return done
}

// expire ends admissions whose time has come, the earliest first, and limit at most.
func (m *ModelRoom) expire(now int64, limit int) {
	var over []*ModelTicket
	for _, t := range m.Tickets {
		if t.inside() && t.Deadline <= now {
			over = append(over, t)
		}
	}
	slices.SortFunc(over, func(a, b *ModelTicket) int {
		return cmp.Or(cmp.Compare(a.Deadline, b.Deadline), cmp.Compare(a.No, b.No))
	})
	for _, t := range over[:min(limit, len(over))] {
		m.endInTime(t)
	}
}

func (m *ModelRoom) endInTime(t *ModelTicket) {
	if t.State == waitroom.Admitted {
		m.end(t, waitroom.Lapsed)
	} else {
		m.end(t, waitroom.TimedOut)
	}
}

// due tells whether there is something to do at once.
func (m *ModelRoom) due(now int64) bool {
	if m.Phase == waitroom.Before && now >= m.Cfg.OpensAt || m.Phase == waitroom.Drawing {
		return true
	}
	if slices.ContainsFunc(m.Tickets, func(t *ModelTicket) bool { return t.inside() && t.Deadline <= now }) {
		return true
	}
	return m.allowed(now) > 0 && m.possible() > 0
}
