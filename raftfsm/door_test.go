package raftfsm

import (
	"errors"
	"testing"
	"time"

	"github.com/usherhq/usher/shard"
)

// TestDoor: a claim is refused on its caller's goroutine only while that is as good as
// asking the log.
func TestDoor(t *testing.T) {
	b := newBench(t)
	if b.refusedAtDoor(claimOf(1)) {
		t.Error("a free seat was refused")
	}
	e := b.fly(claimOf(1))
	if b.refusedAtDoor(claimOf(1)) {
		t.Error("refused because of an entry that may fail")
	}
	b.commit(e)
	b.evidence.forget(0)
	if b.refusedAtDoor(claimOf(1)) {
		t.Error("refused without evidence")
	}
	for age, want := range map[time.Duration]bool{0: true, 449 * time.Millisecond: true, 451 * time.Millisecond: false, time.Hour: false} {
		b.evidence.forget(0)
		b.evidence.confirm(b.boot)
		b.boot += age
		r := claimOf(1, 2)
		if got := b.refusedAtDoor(r); got != want {
			t.Errorf("evidence of age %v: refused %v, want %v", age, got, want)
		}
		if want && (!errors.Is(r.Result.Err, shard.ErrSeatsUnavailable) || len(r.Result.Conflicts) != 1 || r.Result.Conflicts[0].Seat != 1) {
			t.Errorf("the loser was told %v %+v", r.Result.Err, r.Result.Conflicts)
		}
	}
	b.evidence.confirm(b.boot)
	if !b.refusedAtDoor(claimOf(1)) || b.refusedAtDoor(claimOf(2)) {
		t.Error("with new evidence the taken seat is refused, and no other")
	}
	release := NewRequest()
	release.Cmd.Op = OpRelease
	if b.refusedAtDoor(release) {
		t.Error("a release was refused at the door")
	}
}

// TestDoorShut: whoever would have to wait, or be told by a replica that has ended, queues.
func TestDoorShut(t *testing.T) {
	for name, shut := range map[string]func(*bench){
		"applying": func(b *bench) { b.fsm.mu.Lock() },
		"deposed":  func(b *bench) { b.leads = false },
		"transfer": func(b *bench) { b.evidence.suspend() },
		"closed":   func(b *bench) { b.refuseMore(ErrClosed) },
		"halted":   func(b *bench) { err := errors.New("damaged"); b.fsm.halted.Store(&err) },
	} {
		b := newBench(t)
		b.commit(b.fly(claimOf(1)))
		if !b.refusedAtDoor(claimOf(1)) {
			t.Errorf("%s: not refused before", name)
		}
		if shut(b); b.refusedAtDoor(claimOf(1)) {
			t.Errorf("%s: refused", name)
		}
	}
}

// TestDoorCredit: the door shuts where nobody loses, and opens where somebody does.
func TestDoorCredit(t *testing.T) {
	b := newBench(t)
	b.commit(b.fly(claimOf(1)))
	b.evidence.confirm(b.boot)
	b.credit.Store(2)
	for range 3 {
		if b.refusedAtDoor(claimOf(2)) {
			t.Fatal("a free seat was refused")
		}
	}
	if b.refusedAtDoor(claimOf(1)) {
		t.Error("it was not shut by those it could not refuse")
	}
	b.refuse([]*Request{claimOf(1)})
	if b.credit.Load() != doorCredit || !b.refusedAtDoor(claimOf(1)) {
		t.Error("a refusal behind it did not open it")
	}
}
