package engine_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
)

// TestDraw: who comes before the opening is ordered by a draw that anybody can check; who leaves
// before it is not in it, who comes later stands behind.
func TestDraw(t *testing.T) {
	for _, replicas := range []int{1, 3} {
		t.Run(fmt.Sprint(replicas), func(t *testing.T) {
			t.Parallel()
			clock := newHandClock()
			room := waitingRoom(func(w *engine.WaitingRoom) {
				w.MaxActive, w.Tiers = 2, map[string]string{"gold, \"the best\"": "1:1"}
			})
			e, ids := openHouse(t, engine.Config{Replicas: replicas, Groups: 1, Clock: clock}, engine.EventSpec{WaitingRoom: room, OnsaleAt: onsaleIn(clock, time.Hour)})
			ctx := testContext(t)
			var tickets []string
			for i := range 60 {
				r := engine.JoinRequest{EventID: ids[0], HolderID: fmt.Sprint("holder-", i)}
				if i%3 == 0 {
					r.Tier = "gold, \"the best\""
				}
				p := joinWith(t, e, r)
				wantPlace(t, p, engine.QueueLobby, 0)
				if p.InLobby != i+1 || p.Phase != "before" || p.OpensAt == nil || p.Drawn != 0 || p.ETA == nil || p.ETA.Low < 3500 || p.ETA.Low > 3600 {
					t.Fatalf("in the lobby: %+v, %+v", p, p.ETA)
				}
				tickets = append(tickets, p.Ticket)
			}
			if err := e.LeaveQueue(ctx, tickets[59]); err != nil {
				t.Fatal(err)
			}
			before, err := e.DrawOf(ctx, ids[0])
			if err != nil || before.Done || len(before.Commitment) != 64 || before.Seed+before.Digest != "" || before.At != nil {
				t.Fatalf("before the draw: %+v, %v", before, err)
			}
			if err := e.WriteEntrants(ctx, ids[0], &bytes.Buffer{}); !errors.Is(err, engine.ErrDrawNotDone) {
				t.Fatalf("the list before the draw: %v", err)
			}
			clock.pass(time.Hour + time.Second)
			var d engine.Draw
			eventually(t, "the draw", func() bool {
				if d, err = e.DrawOf(ctx, ids[0]); err != nil {
					t.Fatal(err)
				}
				return d.Done && roomOf(t, e, ids[0]).Admitted == 2
			})
			late := join(t, e, ids[0], "late")
			if *late.Position != 58 || late.Phase != "line" {
				t.Errorf("who comes late: %+v", late)
			}
			checkDraw(t, e, ids[0], before.Commitment, d, tickets[:59])
		})
	}
}

func checkDraw(t *testing.T, e *engine.Engine, event, commitment string, d engine.Draw, tickets []string) {
	t.Helper()
	seed, err := hex.DecodeString(d.Seed)
	if sum := sha256.Sum256(seed); err != nil || d.Commitment != commitment || hex.EncodeToString(sum[:]) != commitment || d.Entrants != len(tickets) {
		t.Fatalf("%+v, %v", d, err)
	}
	var list bytes.Buffer
	if err := e.WriteEntrants(testContext(t), event, &list); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&list).ReadAll()
	if err != nil || len(rows) != len(tickets)+1 || !slices.Equal(rows[0], []string{"entrant", "tier", "place"}) {
		t.Fatalf("the list: %v, %d lines", err, len(rows))
	}
	digest := sha256.New()
	places := make(map[string][]int)
	for i, row := range rows[1:] {
		id, err := hex.DecodeString(row[0])
		n, err2 := strconv.Atoi(row[2])
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		digest.Write(id)
		places[row[1]] = append(places[row[1]], n)
		if p := place(t, e, tickets[i]); p.Entrant != row[0] || p.Tier != row[1] || p.Drawn != n {
			t.Errorf("line %d is %q, its ticket %+v", i+2, row, p)
		}
	}
	if hex.EncodeToString(digest.Sum(nil)) != d.Digest {
		t.Error("the digest is not that of the list")
	}
	if len(places) != 2 {
		t.Errorf("%d lanes", len(places))
	}
	for tier, got := range places {
		slices.Sort(got)
		for i, n := range got {
			if n != i+1 {
				t.Fatalf("places of %q: %v", tier, got)
			}
		}
	}
}

// TestTiers: of two lanes that are full one is admitted as often as the ratio says, and positions
// tell it before.
func TestTiers(t *testing.T) {
	room := waitingRoom(func(w *engine.WaitingRoom) { w.MaxActive, w.Tiers = 1, map[string]string{"gold": "3:1"} })
	e, ids := openHouse(t, engine.Config{Groups: 1}, engine.EventSpec{WaitingRoom: room})
	join(t, e, ids[0], "first")
	var general, gold []string
	for i := range 12 {
		general = append(general, join(t, e, ids[0], fmt.Sprint("holder-", i)).Ticket)
	}
	for i := range 4 {
		gold = append(gold, joinWith(t, e, engine.JoinRequest{EventID: ids[0], HolderID: fmt.Sprint("gold-", i), Tier: "gold"}).Ticket)
	}
	at := make([]bool, 17) // by position: gold
	for _, ticket := range gold {
		at[*place(t, e, ticket).Position] = true
	}
	for _, ticket := range general {
		if at[*place(t, e, ticket).Position] {
			t.Errorf("two have position %d", *place(t, e, ticket).Position)
		}
	}
	for from := 1; from <= 13; from += 4 {
		n := 0
		for _, g := range at[from : from+4] {
			if g {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d of positions %d…%d are gold", n, from, from+3)
		}
	}
}
