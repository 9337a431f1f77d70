package engine_test

import (
	"errors"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
)

// TestLineInside: a line is found by its event, tells tickets by number and name, and who has an
// admission, from each replica.
func TestLineInside(t *testing.T) {
	clock := newHandClock()
	room := waitingRoom(func(w *engine.WaitingRoom) { w.MaxActive, w.FirstUseSeconds, w.SessionSeconds = 2, 60, 300 })
	e, ids := openHouse(t, engine.Config{Replicas: 3, Groups: 1, Clock: clock},
		engine.EventSpec{WaitingRoom: room, OnsaleAt: onsaleIn(clock, time.Hour)}, engine.EventSpec{})
	ctx := testContext(t)
	line, err := e.LineOf(ctx, ids[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.LineOf(ctx, ids[1]); !errors.Is(err, engine.ErrNoWaitingRoom) {
		t.Errorf("the line of an event without a room: %v", err)
	}
	const people = 5
	for n, holder := range holders(people) {
		p := join(t, e, ids[0], holder)
		if got, ok := line.Number(p.Ticket); !ok || got != uint32(n+1) || line.Ticket(got) != p.Ticket {
			t.Errorf("ticket %s is number %d, %v: %s", p.Ticket, got, ok, line.Ticket(got))
		}
		forged := p.Ticket[:len(p.Ticket)-2] + map[bool]string{true: "00", false: "11"}[p.Ticket[len(p.Ticket)-2] != '0']
		if _, ok := line.Number(forged); ok {
			t.Errorf("%s has a number", forged)
		}
	}
	if line.Replicas() != 3 {
		t.Fatalf("%d replicas", line.Replicas())
	}
	look := func(replica int) (drawn bool, inside, started, told, bytes int, until int64) {
		if err := line.ViewReplica(replica, func(v engine.LineView) {
			drawn, inside, bytes = v.Drawn(), v.Inside(), v.Bytes()
			v.Admitted(func(n uint32, deadline int64, begun bool) {
				until = deadline
				started += b2i(begun)
				if state, _ := v.At(n); state != engine.QueueAdmitted {
					t.Errorf("ticket %d has an admission, and is %s", n, state)
				}
			})
			for n := range uint32(people + 2) {
				told += b2i(v.ETA(n) != nil)
			}
		}); err != nil {
			t.Fatal(err)
		}
		return
	}
	if drawn, inside, _, told, bytes, _ := look(0); drawn || inside != 0 || told != 0 || bytes < 26*people {
		t.Errorf("before the opening: drawn %v, %d inside, %d were told a wait, %d bytes", drawn, inside, told, bytes)
	}
	clock.pass(time.Hour)
	for r := range line.Replicas() {
		eventually(t, "two are inside", func() bool {
			drawn, inside, _, told, _, _ := look(r)
			return drawn && inside == 2 && told == people-2
		})
		if _, _, started, _, _, until := look(r); started != 0 || until < clock.Wall().Add(58*time.Second).UnixMilli() || until > clock.Wall().Add(61*time.Second).UnixMilli() {
			t.Errorf("replica %d: %d sessions, until %d", r, started, until)
		}
	}
	for _, holder := range holders(people) {
		if p := join(t, e, ids[0], holder); p.AdmissionToken != "" {
			if _, err := e.VerifyAdmission(ctx, engine.VerifyRequest{EventID: ids[0], HolderID: holder, Token: p.AdmissionToken, Start: true}); err != nil {
				t.Fatal(err)
			}
		}
	}
	eventually(t, "both sessions have begun", func() bool {
		_, _, started, _, _, until := look(2)
		return started == 2 && until > clock.Wall().Add(4*time.Minute).UnixMilli()
	})
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
