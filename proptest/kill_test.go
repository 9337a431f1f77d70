package proptest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// TestKill runs the real binary under load and kills it with SIGKILL at a random moment,
// several times (USHER_KILL_ROUNDS, 3 if not set). After each restart every acknowledged
// hold and booking is there, no seat was given twice, and a write whose answer never came
// has, repeated with its key, one outcome. `usher check` has the last word.
func TestKill(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	s := newKillServer(t)
	s.start(t)
	shop := newKillShop(t, s)
	for round := range killRounds(t) {
		pending := shop.crowd(t, rng, func() {
			time.Sleep(300*time.Millisecond + time.Duration(rng.IntN(1200))*time.Millisecond)
			s.kill(t)
		})
		s.start(t)
		for _, p := range pending {
			shop.resolve(t, p)
		}
		shop.verify(t)
		t.Logf("round %d: %d holds, %d bookings acknowledged so far; %d writes were cut off", round, len(shop.holds), shop.booked(), len(pending))
		if t.Failed() {
			return
		}
	}
	s.stop(t)
	s.check(t)
	if len(shop.holds) < 100 || shop.booked() < 20 {
		t.Errorf("only %d holds and %d bookings: this proves little", len(shop.holds), shop.booked())
	}
}

func killRounds(t *testing.T) int {
	text := os.Getenv("USHER_KILL_ROUNDS")
	if text == "" {
		return 3
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("USHER_KILL_ROUNDS is %q", text)
	}
	return n
}

const (
	killClients = 24
	killRows    = 30
	killSeats   = 40 // a row
)

var killEvents = []string{"hall:2031-01-01:19:30", "hall:2031-01-02:19:30", "hall:2031-01-03:19:30"}

// killShop is what the clients were told: the truth that the server must agree with.
type killShop struct {
	api *killAPI

	mu    sync.Mutex
	owner map[string]string    // event and seat → hold that has it
	holds map[string]*killHold // by hold_id; each belongs to one client, or to the test between rounds
	acks  []killAck            // some answers, to be asked for again
}

// killHold is one acknowledged hold.
type killHold struct {
	HoldID    string    `json:"hold_id"`
	EventID   string    `json:"event_id"`
	SeatIDs   []string  `json:"seat_ids"`
	HolderID  string    `json:"holder_id"`
	Status    string    `json:"status"`
	Token     uint64    `json:"fencing_token"`
	ExpiresAt time.Time `json:"expires_at"`
	Items     []night   `json:"items"` // of a stay

	bookingID string
}

// killAck is a write and the answer to it.
type killAck struct {
	write  killWrite
	answer killAnswer
}

func newKillShop(t *testing.T, s *killServer) *killShop {
	shop := &killShop{api: s.api, owner: map[string]string{}, holds: map[string]*killHold{}}
	for _, w := range killHouse(killEvents) {
		shop.must(t, w, 201)
	}
	return shop
}

// killHouse are the writes that make a chart and events.
func killHouse(events []string) []killWrite {
	var csv strings.Builder
	csv.WriteString("seat_id,section,row,number,category\n")
	for r := range killRows {
		for n := range killSeats {
			fmt.Fprintf(&csv, "%s,main,%d,%d,seat\n", killSeat(r, n), r, n)
		}
	}
	writes := []killWrite{{method: "PUT", path: "/v1/charts/hall", mediaType: "text/csv", body: csv.String()}}
	for _, id := range events {
		body := fmt.Sprintf(`{"venue_id":"hall","event_date":%q,"show_time":"19:30","chart_id":"hall"}`, strings.Split(id, ":")[1])
		writes = append(writes, killWrite{method: "POST", path: "/v1/events", body: body})
	}
	return writes
}

func (s *killShop) must(t *testing.T, w killWrite, status int) {
	t.Helper()
	a, err := s.api.do(w)
	if err != nil || a.status != status {
		t.Fatalf("%s %s: %d %s, %v", w.method, w.path, a.status, a.body, err)
	}
}

func killSeat(row, n int) string { return fmt.Sprintf("%d-%d", row, n) }

// crowd lets clients buy until kill has done its work, and returns the writes that were
// never answered.
func (s *killShop) crowd(t *testing.T, rng *rand.Rand, kill func()) []*killPending {
	var clients sync.WaitGroup
	results := make([]*killPending, killClients)
	for i := range results {
		c := &killClient{shop: s, t: t, rng: rand.New(rand.NewPCG(rng.Uint64(), uint64(i))), name: fmt.Sprintf("client-%d", i)}
		clients.Go(func() { results[i] = c.shopUntilCut() })
	}
	kill()
	clients.Wait()
	s.api.client.CloseIdleConnections()
	var pending []*killPending
	for _, p := range results {
		if p != nil {
			pending = append(pending, p)
		}
	}
	return pending
}

// resolve repeats a write whose answer never came, twice: both answers are the outcome.
func (s *killShop) resolve(t *testing.T, p *killPending) {
	first, err := s.api.do(p.write)
	if err != nil {
		t.Fatalf("repeating %s %s: %v", p.write.method, p.write.path, err)
	}
	if first.status >= 500 {
		t.Errorf("repeating %s %s with its key: %d %s", p.write.method, p.write.path, first.status, first.body)
	}
	p.then(first)
	if first.status < 300 {
		s.same(t, killAck{p.write, first})
	}
}

// same sends a write again: the answer has to be the first one.
func (s *killShop) same(t *testing.T, a killAck) {
	again, err := s.api.do(a.write)
	if err != nil || again.status != a.answer.status || again.identity() != a.answer.identity() {
		t.Errorf("%s %s %s\nonce:  %d %s\nagain: %d %s, %v", a.write.method, a.write.path, a.write.body,
			a.answer.status, a.answer.body, again.status, again.body, err)
	}
}

// verify compares all that was acknowledged with what the server says now.
func (s *killShop) verify(t *testing.T) {
	var readers errgroup.Group
	readers.SetLimit(killClients)
	for _, h := range s.holds {
		readers.Go(func() error {
			s.verifyHold(t, h)
			return nil
		})
	}
	_ = readers.Wait() // they tell t
	for _, a := range s.acks {
		s.same(t, a)
	}
	s.acks = nil
	for _, id := range killEvents {
		s.verifySeats(t, id)
	}
}

func (s *killShop) verifyHold(t *testing.T, want *killHold) {
	var got killHold
	if !s.read(t, "/v1/reservations/"+want.HoldID, &got) {
		return
	}
	// When a hold ended is not compared: its answer does not tell.
	if want.Status != "held" {
		got.ExpiresAt = want.ExpiresAt
	}
	got.bookingID = want.bookingID
	if fmt.Sprint(got) != fmt.Sprint(*want) {
		t.Errorf("hold acknowledged as %v is now %v", *want, got)
	}
	if want.Status != "booked" {
		return
	}
	var b struct {
		HoldID  string   `json:"hold_id"`
		SeatIDs []string `json:"seat_ids"`
		Status  string   `json:"status"`
	}
	if s.read(t, "/v1/bookings/"+want.bookingID, &b) && (b.HoldID != want.HoldID || b.Status != "booked" || fmt.Sprint(b.SeatIDs) != fmt.Sprint(want.SeatIDs)) {
		t.Errorf("booking %s of %v is now %v", want.bookingID, *want, b)
	}
}

func (s *killShop) read(t *testing.T, path string, into any) bool {
	a, err := s.api.do(killWrite{method: "GET", path: path})
	if err == nil && a.status != 200 {
		err = fmt.Errorf("status %d: %s", a.status, a.body)
	}
	if err == nil {
		err = json.Unmarshal([]byte(a.body), into)
	}
	if err != nil {
		t.Errorf("GET %s: %v", path, err)
	}
	return err == nil
}

// verifySeats wants each seat to be as its owner's hold says, and all others free.
func (s *killShop) verifySeats(t *testing.T, eventID string) {
	var m struct {
		Seats []struct {
			SeatID string `json:"seat_id"`
			Status string `json:"status"`
		} `json:"seats"`
	}
	if !s.read(t, "/v1/events/"+eventID+"/seats", &m) {
		return
	}
	if len(m.Seats) != killRows*killSeats {
		t.Errorf("event %s has %d seats", eventID, len(m.Seats))
	}
	for _, seat := range m.Seats {
		want := "available"
		if h := s.holds[s.owner[eventID+" "+seat.SeatID]]; h != nil {
			want = h.Status
		}
		if seat.Status != want {
			t.Errorf("seat %s of %s is %s, it was acknowledged as %s", seat.SeatID, eventID, seat.Status, want)
		}
	}
}

func (s *killShop) booked() (n int) {
	for _, h := range s.holds {
		if h.Status == "booked" {
			n++
		}
	}
	return n
}

// check runs `usher check` on the folder.
func (s *killServer) check(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, s.binary, "check", "--data", s.dir, "--json").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), `{"ok":true`) {
		t.Errorf("usher check: %v: %.2000s", err, out)
	}
}
