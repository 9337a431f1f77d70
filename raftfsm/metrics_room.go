package raftfsm

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/usherhq/usher/waitroom"
)

// roomFigures are of the waiting rooms of the groups that this process leads; of a group
// without rooms there are none.
type roomFigures struct{ tickets, waiting, active, minute *prometheus.Desc }

// roomTotals are sums over the rooms of a group.
type roomTotals struct {
	rooms                                        int
	joined, lobby, waiting, unused, shop, minute uint64
}

func newRoomFigures() roomFigures {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName("usher", "queue", name), help, append([]string{"group"}, labels...), nil)
	}
	return roomFigures{
		tickets: desc("tickets_total", "Tickets that the group's waiting rooms have given."),
		waiting: desc("waiting", "People before the group's doors, by where: in the lobby before the draw, or in line.", "where"),
		active:  desc("active", "Admissions that count against max_active, by state: not used yet, or in session.", "state"),
		minute:  desc("admitted_last_minute", "Admissions of the last 60 s."),
	}
}

func (f *roomFigures) describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{f.tickets, f.waiting, f.active, f.minute} {
		out <- d
	}
}

func (f *roomFigures) collect(out chan<- prometheus.Metric, group string, t *roomTotals) {
	if t.rooms == 0 {
		return
	}
	put := func(d *prometheus.Desc, kind prometheus.ValueType, v uint64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, kind, float64(v), append([]string{group}, labels...)...)
	}
	put(f.tickets, prometheus.CounterValue, t.joined)
	put(f.waiting, prometheus.GaugeValue, t.lobby, "lobby")
	put(f.waiting, prometheus.GaugeValue, t.waiting, "line")
	put(f.active, prometheus.GaugeValue, t.unused, "unused")
	put(f.active, prometheus.GaugeValue, t.shop, "in_session")
	put(f.minute, prometheus.GaugeValue, t.minute)
}

// roomTotals are zero of the directory, and of a replica that has halted.
func (g *Group) roomTotals() (t roomTotals) {
	if g.no == 0 {
		return t
	}
	_ = g.ViewRooms(func(rs *waitroom.Rooms) { t = totalsOfRooms(rs, g.Now()) }) // halted: shown as such
	return t
}

func totalsOfRooms(rs *waitroom.Rooms, now int64) roomTotals {
	t := roomTotals{rooms: rs.Len()}
	for no := range uint32(t.rooms) {
		info := rs.Room(no).Info(now)
		t.joined += uint64(info.Joined)
		t.lobby += uint64(info.InLobby)
		t.waiting += uint64(info.Waiting)
		t.unused += uint64(info.Admitted)
		t.shop += uint64(info.InShop)
		t.minute += uint64(info.AdmittedMinute)
	}
	return t
}
