package proptest

import (
	"bytes"
	"fmt"

	"github.com/usherhq/usher/shard"
)

// Replicas is a group in one goroutine: a leader whose every command is compared with
// the model, and followers that are fed its log at their own pace, fall behind, crash,
// come back from old snapshots and replay, or are sent another's snapshot. Whoever
// reaches an index must have the leader's digest there, and must tell of each command
// what the first follower there told.
type Replicas struct {
	Dice
	leader    *Run
	subject   Subject // the leader's
	followers []*follower
	log       []Entry
	open      bool             // the last entry may still take commands
	digests   []uint64         // the leader's after each entry that is closed
	told      [][]shard.Result // of each entry's commands
}

// follower is one replica; feed is where the mutation gate plants its bugs.
type follower struct {
	id     int
	s      *shard.State
	index  int           // entries applied
	frozen *shard.Frozen // a snapshot being taken
	froze  int           // its index
	disk   []byte        // the last snapshot on disk; nil: none
	diskAt int
	feed   func(f *follower, index int, e Entry) []Entry
}

// NewReplicas is a group of one leader and so many followers.
func NewReplicas(d Dice, followers int) (*Replicas, error) {
	r := &Replicas{Dice: d, subject: NewReal()}
	for i := range followers {
		r.followers = append(r.followers, &follower{id: i, s: shard.New(), feed: asIs})
	}
	var err error
	r.leader, err = NewRun(d, r.subject, r.append)
	return r, err
}

func asIs(_ *follower, _ int, e Entry) []Entry { return []Entry{e} }

// append puts a command into the log: into the last entry, or a new one.
func (r *Replicas) append(stamp int64, op Op) {
	if n := len(r.log); r.open && n > 0 && r.log[n-1].Stamp == stamp && r.Roll(3) > 0 {
		r.log[n-1].Ops = append(r.log[n-1].Ops, op)
		return
	}
	r.close()
	r.log = append(r.log, Entry{Stamp: stamp, Ops: []Op{op}})
	r.open = true
}

// close ends the last entry: it takes no more commands, and the leader stands behind it.
func (r *Replicas) close() {
	r.open = false
	if len(r.digests) < len(r.log) {
		r.digests = append(r.digests, r.subject.State().Digest())
	}
}

// Step lets the leader act, or something befall a follower.
func (r *Replicas) Step() error {
	f := r.followers[r.Roll(len(r.followers))]
	switch r.Roll(12) {
	case 0, 1, 2, 3:
		return r.leader.Step()
	case 4:
		return f.snapshot()
	case 5:
		return f.restart()
	case 6:
		return r.install(f, r.followers[r.Roll(len(r.followers))])
	default:
		return r.follow(f, 1+r.Roll(6))
	}
}

// follow feeds a follower up to n entries.
func (r *Replicas) follow(f *follower, n int) error {
	for ; n > 0 && f.index < len(r.log); n-- {
		if f.index == len(r.log)-1 {
			r.close()
		}
		told := f.apply(r.log[f.index])
		if err := r.agree(f, told); err != nil {
			return fmt.Errorf("follower %d at index %d: %w", f.id, f.index, err)
		}
	}
	return nil
}

func (f *follower) apply(e Entry) (told []shard.Result) {
	for _, e := range f.feed(f, f.index, e) {
		now := f.s.Advance(e.Stamp)
		for _, op := range e.Ops {
			var out shard.Result
			Apply(f.s, now, op, &out)
			told = append(told, out)
		}
	}
	f.index++
	return told
}

// agree compares with the leader, and with who was first at this index. Followers'
// answers go nowhere, so one that gave none (a planted bug) is found by its state.
func (r *Replicas) agree(f *follower, told []shard.Result) error {
	i := f.index - 1
	if digest := f.s.Digest(); digest != r.digests[i] {
		return fmt.Errorf("digest %016x, the leader's %016x", digest, r.digests[i])
	}
	if i == len(r.told) {
		r.told = append(r.told, told)
		return nil
	}
	ops := r.log[i].Ops
	for k := 0; k < len(ops) && len(told) == len(ops) && len(r.told[i]) == len(ops); k++ {
		out, want := told[k], r.told[i][k]
		out.More, want.More = false, false // comes from lower bounds, which may differ
		if err := CompareResult(ops[k], out, want); err != nil {
			return err
		}
	}
	return nil
}

// snapshot takes one, or brings to disk the one that was taken before: commands ran in
// between.
func (f *follower) snapshot() error {
	if f.frozen == nil {
		f.frozen, f.froze = f.s.Freeze(), f.index
		return nil
	}
	b, err := Snapshot(f.frozen)
	f.disk, f.diskAt, f.frozen = b, f.froze, nil
	return err
}

// restart is kill -9: what was not on disk is gone, and the log is replayed from there.
func (f *follower) restart() error {
	f.frozen = nil
	if f.disk == nil {
		f.s, f.index = shard.New(), 0
		return nil
	}
	return f.load(f.disk, f.diskAt)
}

func (f *follower) load(snapshot []byte, index int) error {
	s, err := shard.Restore(bytes.NewReader(snapshot))
	f.s, f.index = s, index
	return err
}

// install sends one follower's snapshot to another, whoever of them is ahead.
func (r *Replicas) install(to, from *follower) error {
	b, err := Snapshot(from.s.Freeze())
	if err != nil {
		return err
	}
	to.frozen, to.disk, to.diskAt = nil, b, from.index
	return to.load(b, from.index)
}

// Settle lets everybody catch up, and compares all of them with the leader and the
// model, to the byte.
func (r *Replicas) Settle() error {
	want, err := Snapshot(r.subject.State().Freeze())
	if err != nil {
		return err
	}
	for _, f := range r.followers {
		if err := r.follow(f, len(r.log)); err != nil {
			return err
		}
		if err := Compare(f.s, r.leader.Model()); err != nil {
			return fmt.Errorf("follower %d: %w", f.id, err)
		}
		got, err := Snapshot(f.s.Freeze())
		if err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("follower %d writes other bytes than the leader", f.id)
		}
	}
	return r.leader.thaw()
}

// Simulate runs a group for so many steps; plant, when not nil, is called before the
// first of them.
func Simulate(seed uint64, followers, steps int, plant func(*Replicas)) error {
	r, err := NewReplicas(Seeded(seed), followers)
	if err != nil {
		return err
	}
	if plant != nil {
		plant(r)
	}
	for i := range steps {
		if err := r.Step(); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
	}
	return r.Settle()
}
