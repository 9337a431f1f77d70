package raftfsm

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"testing"

	"github.com/usherhq/usher/shard"
	"github.com/usherhq/usher/waitroom"
)

// roomMachine is a shard machine with three gated events of 20 seats, of which the first two
// share a room, and a clock of the test's own. It passes check at the end.
type roomMachine struct {
	*shardMachine
	testing.TB
	at int64
}

const roomStart = 1_700_000_000_000

// tightRoom takes two at a time.
func tightRoom() waitroom.Config {
	return waitroom.Config{MaxActive: 2, NewPerMinute: 6000, FirstUse: 60_000, Session: 600_000}
}

func newRoomMachine(t testing.TB, cfg waitroom.Config) *roomMachine {
	t.Helper()
	m := &roomMachine{newShardMachine(), t, roomStart}
	blob := []byte("chart")
	m.ok(Command{Op: OpChartChunk, Chunk: shard.ChartChunk{Sum: [32]byte{1}, Blob: sha256.Sum256(blob), Seats: 20, Size: uint32(len(blob)), Data: blob}})
	for _, id := range []string{"a:2026-01-01", "a:2026-01-02", "a:2026-01-03"} {
		m.ok(Command{Op: OpCreateRuled, Create: shard.CreateEvent{ID: id, Chart: [32]byte{1}, Rules: shard.Rules{Gated: true}}})
	}
	for event := range uint32(2) {
		if res := m.ok(openRoom(event, cfg)); res.Number != 0 || res.Event != event {
			t.Fatalf("the room of event %d: %+v", event, res)
		}
	}
	t.Cleanup(func() {
		if err := m.check(); err != nil {
			t.Error(err)
		}
	})
	return m
}

func openRoom(event uint32, cfg waitroom.Config) Command {
	return Command{Op: OpOpenRoom, OpenRoom: &waitroom.OpenRoom{ID: "series/a", Event: event, Config: cfg, Secret: [32]byte{1}, Seed: [32]byte{2}, Epoch: [16]byte{3}}}
}

// joinOf are entrants with these numbers, whose ids are spread as hashes are.
func joinOf(people ...byte) Command {
	j := &waitroom.Join{}
	for _, p := range people {
		sum := sha256.Sum256([]byte{p})
		j.Entrants = append(j.Entrants, waitroom.Entrant{ID: [16]byte(sum[:16])})
	}
	return Command{Op: OpJoin, Join: j}
}

func passedHold(ticket, event uint32, seats ...uint32) Command {
	return Command{
		Op: OpHoldMarked, Pass: waitroom.Pass{Ticket: ticket},
		Hold: shard.Hold{Event: event, Seats: seats, TTL: shard.MaxTTL, Holder: []byte("ann"), Admitted: true},
	}
}

func passedClaim(ticket uint32, items ...shard.Item) Command {
	return Command{Op: OpClaim, Pass: waitroom.Pass{Ticket: ticket}, Claim: &shard.Claim{Items: items, TTL: shard.MaxTTL, Holder: []byte("ann"), Admitted: true}}
}

func (m *roomMachine) do(c Command) (out Result) {
	m.Helper()
	if !c.fits() {
		m.Fatalf("command %d does not fit", c.Op)
	}
	m.at = m.advance(m.at + 1)
	if !m.apply(m.at, &c, &out) {
		m.Fatalf("command %d is none of the machine's", c.Op)
	}
	return out
}

func (m *roomMachine) ok(c Command) Result {
	m.Helper()
	out := m.do(c)
	if out.Err != nil {
		m.Fatalf("command %d: %v", c.Op, out.Err)
	}
	return out
}

// refused wants an error, and the seats as they were.
func (m *roomMachine) refused(want error, c Command) {
	m.Helper()
	before := m.counts()
	if out := m.do(c); !errors.Is(out.Err, want) || out.Number != 0 || len(out.Granted) != 0 {
		m.Errorf("command %d with %+v: %+v, want %v", c.Op, c.Pass, out.Result, want)
	}
	if now := m.counts(); now != before {
		m.Errorf("a claim that is refused (%v) made %+v of %+v", want, now, before)
	}
}

func (m *roomMachine) counts() (c [3]shard.Counts) {
	for i := range c {
		c[i] = m.state.Event(uint32(i)).Counts()
	}
	return c
}

// admit lets five seconds pass, in which rooms do what is due.
func (m *roomMachine) admit() {
	m.Helper()
	for range 50 {
		m.at += 100
		m.ok(Command{Op: OpAdmit, Admit: Admit{Limit: admitLimit}})
	}
}

func (m *roomMachine) stands(ticket uint32, want waitroom.TicketState) {
	m.Helper()
	if info, ok := m.rooms.Room(0).Ticket(ticket); !ok || info.State != want {
		m.Errorf("ticket %d is %+v, want state %d", ticket, info, want)
	}
}

// TestPassedClaim: who is let in claims, and with what is booked the next one's turn has come.
func TestPassedClaim(t *testing.T) {
	m := newRoomMachine(t, tightRoom())
	m.refused(shard.ErrAdmissionRequired, holdOf(0, 1))
	res := m.ok(joinOf(1, 2, 3))
	if len(res.Joined) != 3 || res.Joined[2] != (waitroom.Joined{Ticket: 3, New: true}) {
		t.Fatalf("%+v", res.Joined)
	}
	if again := m.ok(joinOf(2)); len(again.Joined) != 1 || again.Joined[0] != (waitroom.Joined{Ticket: 2}) {
		t.Errorf("the same again: %+v", again.Joined)
	}
	m.admit()
	m.stands(1, waitroom.Admitted)
	m.stands(3, waitroom.Waiting)
	m.refused(waitroom.ErrNotAdmitted, passedHold(3, 0, 1))
	m.refused(waitroom.ErrUnknownTicket, passedHold(4, 0, 1))
	m.refused(waitroom.ErrOtherEvent, passedHold(1, 2, 1))
	m.refused(waitroom.ErrUnknownRoom, Command{Op: OpHoldMarked, Pass: waitroom.Pass{Room: 1, Ticket: 1}, Hold: passedHold(1, 0, 1).Hold})

	hold := m.ok(passedHold(1, 0, 1))
	m.stands(1, waitroom.InShop)
	m.refused(shard.ErrSeatsUnavailable, passedHold(2, 0, 1))
	m.stands(2, waitroom.InShop) // the session has begun all the same
	more := m.ok(passedHold(1, 1, 5, 6))
	m.ok(Command{Op: OpBook, Book: shard.Book{Event: 0, Hold: hold.Number}})
	m.stands(1, waitroom.InShop)
	m.ok(Command{Op: OpBook, Book: shard.Book{Event: 1, Hold: more.Number}})
	m.stands(1, waitroom.Finished)
	m.refused(waitroom.ErrSessionOver, passedHold(1, 0, 7))
	m.admit()
	m.stands(3, waitroom.Admitted)
}

// TestPassedClaimAfterTheSession: time ends it, whoever is asked next.
func TestPassedClaimAfterTheSession(t *testing.T) {
	cfg := tightRoom()
	m := newRoomMachine(t, cfg)
	m.ok(joinOf(1, 2))
	m.admit()
	res := m.ok(Command{Op: OpEnter, Enter: Enter{waitroom.Pass{Ticket: 1}, 0}})
	if res.Expires != m.at+cfg.Session {
		t.Errorf("the session ends at %d, it began at %d", res.Expires, m.at)
	}
	m.at = res.Expires - 2
	m.ok(passedHold(1, 0, 1))
	m.refused(waitroom.ErrSessionOver, passedHold(1, 0, 2))
	m.refused(waitroom.ErrLapsed, passedClaim(2, shard.Item{Event: 0, Seats: []uint32{2}}))
	m.refused(waitroom.ErrSessionOver, Command{Op: OpEnter, Enter: Enter{waitroom.Pass{Ticket: 1}, 0}})
	if st := m.state.Event(0).Status(1); st != shard.Held {
		t.Errorf("the seat that was taken in time is %v", st)
	}
}

// TestPassedClaimAgain: who asks again with the same key is told what it was told, also after its
// session; who asks for something else is not.
func TestPassedClaimAgain(t *testing.T) {
	m := newRoomMachine(t, tightRoom())
	m.ok(joinOf(1))
	m.admit()
	claim := passedHold(1, 0, 1)
	claim.Hold.Key = shard.Key{Hash: [16]byte{1}, Print: [32]byte{1}}
	first := m.ok(claim)
	m.ok(Command{Op: OpBook, Book: shard.Book{Event: 0, Hold: first.Number}})
	m.stands(1, waitroom.Finished)
	if again := m.ok(claim); !again.Replayed || again.Number != first.Number || again.Token != first.Token {
		t.Errorf("%+v, and again %+v", first, again)
	}
	claim.Hold.Key.Hash = [16]byte{2}
	m.refused(waitroom.ErrSessionOver, claim)
}

// TestPassedBundle: a reservation over several events shows its admission for each of them,
// and is booked as one.
func TestPassedBundle(t *testing.T) {
	m := newRoomMachine(t, tightRoom())
	m.ok(joinOf(1, 2))
	m.admit()
	seat := func(event uint32, seats ...uint32) shard.Item { return shard.Item{Event: event, Seats: seats} }
	m.refused(waitroom.ErrOtherEvent, passedClaim(1, seat(0, 1), seat(2, 1)))
	res := m.ok(passedClaim(1, seat(0, 1), seat(1, 1)))
	m.ok(Command{Op: OpBookParts, Book: shard.Book{Event: 0, Hold: res.Number, Parts: []int64{1, 2}}})
	m.stands(1, waitroom.Finished)

	txn := shard.Txn{Home: 2, Bundle: 1}
	guest := passedClaim(2, seat(1, 3))
	guest.Claim.Txn = txn
	m.ok(guest)
	m.ok(Command{Op: OpResolve, Resolve: &shard.Resolve{Txn: txn, State: shard.BundleHeld}})
	m.stands(2, waitroom.InShop)
	m.ok(Command{Op: OpResolve, Resolve: &shard.Resolve{Txn: txn, State: shard.BundleBooked}})
	m.stands(2, waitroom.Finished)
}

// TestRoomSeesTheSeats: nobody is admitted to what has nothing left, until it has.
func TestRoomSeesTheSeats(t *testing.T) {
	m := newRoomMachine(t, waitroom.Config{MaxActive: 5, NewPerMinute: 6000, FirstUse: 60_000, Session: 600_000})
	var all []uint32
	for seat := range uint32(20) {
		all = append(all, seat)
	}
	for event := range uint32(2) {
		m.ok(Command{Op: OpHoldMarked, Hold: shard.Hold{Event: event, Seats: all, TTL: shard.MaxTTL, Holder: []byte("box office"), Admitted: true}})
	}
	m.ok(joinOf(1))
	m.admit()
	m.stands(1, waitroom.Waiting)
	m.ok(Command{Op: OpRelease, Release: shard.Release{Event: 1, Hold: 1, Token: m.state.Event(1).Token(1)}})
	m.admit()
	m.stands(1, waitroom.Admitted)
}

// TestOpenRoomOfNoEvent: rooms do not know which events there are.
func TestOpenRoomOfNoEvent(t *testing.T) {
	m := newRoomMachine(t, tightRoom())
	m.refused(shard.ErrUnknownEvent, openRoom(3, tightRoom()))
	m.ok(openRoom(0, tightRoom()))
	if m.rooms.Len() != 1 {
		t.Errorf("%d rooms", m.rooms.Len())
	}
}

// TestSetRoomAndLeave reach the room.
func TestSetRoomAndLeave(t *testing.T) {
	m := newRoomMachine(t, tightRoom())
	m.ok(Command{Op: OpSetRoom, SetRoom: &waitroom.Set{Fields: waitroom.SetState, State: waitroom.Paused, Reason: "a storm"}})
	m.ok(joinOf(1))
	m.admit()
	m.stands(1, waitroom.Waiting)
	if info := m.rooms.Room(0).Info(m.at); info.State != waitroom.Paused || info.Reason != "a storm" {
		t.Errorf("%+v", info)
	}
	m.ok(Command{Op: OpLeave, Leave: waitroom.Leave{Ticket: 1}})
	m.stands(1, waitroom.Left)
}

func machineBytes(t testing.TB, z io.WriterTo) []byte {
	t.Helper()
	var b bytes.Buffer
	if n, err := z.WriteTo(&b); err != nil || n != int64(b.Len()) {
		t.Fatalf("%d of %d bytes, %v", n, b.Len(), err)
	}
	return b.Bytes()
}

// TestSnapshotWithRooms: what comes back is the same, and goes on being.
func TestSnapshotWithRooms(t *testing.T) {
	m := newRoomMachine(t, tightRoom())
	m.ok(joinOf(1, 2, 3, 4))
	m.admit()
	m.ok(passedHold(1, 0, 1))
	frozen := m.freeze()
	raw := machineBytes(t, m.freeze())
	back := &roomMachine{newShardMachine(), t, m.at}
	if err := back.restore(bytes.NewReader(raw)); err != nil {
		t.Fatal(err)
	}
	if back.digest() != m.digest() || !bytes.Equal(machineBytes(t, back.freeze()), raw) {
		t.Fatal("what was restored is another state")
	}
	if back.digest() == back.state.Digest() {
		t.Error("the digest has nothing of the rooms")
	}
	for _, x := range []*roomMachine{m, back} {
		x.ok(Command{Op: OpBook, Book: shard.Book{Event: 0, Hold: 1}})
		x.stands(1, waitroom.Finished)
		x.admit()
		x.stands(3, waitroom.Admitted)
		x.ok(joinOf(5, 3))
	}
	if back.digest() != m.digest() || back.check() != nil {
		t.Errorf("the two went apart; %v", back.check())
	}
	if !bytes.Equal(machineBytes(t, frozen), raw) {
		t.Error("a frozen state changed")
	}
}

// TestSnapshotWithoutRooms is the seats' alone, as it always was.
func TestSnapshotWithoutRooms(t *testing.T) {
	m := newRoomMachine(t, tightRoom())
	old := machineBytes(t, m.state.Freeze())
	back := newShardMachine()
	if err := back.restore(bytes.NewReader(old)); err != nil {
		t.Fatal(err)
	}
	if back.rooms.Len() != 0 || back.digest() != m.state.Digest() || !bytes.Equal(machineBytes(t, back.freeze()), old) {
		t.Error("a state without rooms has something of them")
	}
}

// TestSnapshotWithRoomsDamaged: every flipped byte, every cut and anything behind the end is an
// error, and leaves what was there.
func TestSnapshotWithRoomsDamaged(t *testing.T) {
	t.Parallel()
	m := newRoomMachine(t, tightRoom())
	m.ok(joinOf(1, 2, 3))
	m.admit()
	raw, seats := machineBytes(t, m.freeze()), len(machineBytes(t, m.state.Freeze()))
	back := newShardMachine()
	empty := back.digest()
	damaged := func(what string, at int, raw []byte) {
		if err := back.restore(bytes.NewReader(raw)); !errors.Is(err, waitroom.ErrBadSnapshot) {
			t.Fatalf("%s at %d of %d: %v", what, at, len(raw), err)
		}
	}
	for i := seats; i < len(raw); i++ {
		raw[i] ^= 0x11
		damaged("flipped", i, raw)
		raw[i] ^= 0x11
		if i > seats {
			damaged("cut off", i, raw[:i])
		}
	}
	damaged("a byte more", len(raw), append(bytes.Clone(raw), 0))
	damaged("twice the rooms", len(raw), append(bytes.Clone(raw), raw[seats:]...))
	damaged("other seats' rooms", 0, append(machineBytes(t, shard.New().Freeze()), raw[seats:]...))
	if back.digest() != empty || back.rooms.Len() != 0 {
		t.Error("a refused snapshot left something")
	}
}

// TestRestoredRooms: a copy begins a new era of seats and rooms alike.
func TestRestoredRooms(t *testing.T) {
	m := newRoomMachine(t, tightRoom())
	m.ok(joinOf(1))
	before := m.rooms.Room(0).Info(m.at).Eras
	if err := m.restored([32]byte{9}, m.at); err != nil {
		t.Fatal(err)
	}
	m.ok(joinOf(2))
	if eras := m.rooms.Room(0).Info(m.at).Eras; len(eras) != len(before)+1 {
		t.Errorf("eras %+v, before %+v", eras, before)
	}
	back := newShardMachine()
	if err := back.restore(bytes.NewReader(machineBytes(t, m.freeze()))); err != nil || back.digest() != m.digest() {
		t.Errorf("%v", err)
	}
}
