package proptest

import (
	"fmt"
	"slices"

	"github.com/usherhq/usher/shard"
)

// Groups is several shard groups, each compared with its model and with a clock of its
// own, and reservations over them. A coordinator makes one step by step; between any two
// steps it may die. What it sent may come twice, late, or after it has died. A driver
// looks at what is left and brings it to an end, as every node does that leads a group.
type Groups struct {
	Dice
	runs  []*Run // group n is runs[n-1]
	under []*coordinator
	late  []letter
	made  int
	tally map[string]int // what came about

	plant func(op Op) Op // where the mutation gate plants its bugs; nil for an op: it is lost, and answered
}

// letter is a command on its way.
type letter struct {
	to uint16
	op Op
}

// NewGroups makes two or three groups of one or two events each.
func NewGroups(d Dice) (*Groups, error) {
	x := &Groups{Dice: d, tally: map[string]int{}}
	for range 2 + d.Roll(2) {
		r := &Run{gen: gen{Dice: d, m: NewModel(), apart: true}, subject: NewReal(), now: runStart, stamp: runStart}
		r.stamp += int64(d.Roll(3)) * 700
		if err := r.addHouse(0, 1+d.Roll(2)); err != nil {
			return nil, err
		}
		x.runs = append(x.runs, r)
	}
	return x, nil
}

func (x *Groups) state(group uint16) *shard.State { return x.runs[group-1].subject.State() }

// send brings a command to a group. It may be lost on the way, and come later; or come,
// and come again later. Answered is false when nobody knows.
func (x *Groups) send(to uint16, op Op) (out shard.Result, answered bool, err error) {
	switch x.Roll(14) {
	case 0:
		x.late = append(x.late, letter{to, op})
		return out, false, nil
	case 1:
		x.late = append(x.late, letter{to, op})
	case 2:
		return out, false, x.runs[to-1].Do(op) // it came, but its answer did not
	}
	return x.surely(to, op)
}

// surely brings a command to a group, and its answer back.
func (x *Groups) surely(to uint16, op Op) (out shard.Result, answered bool, err error) {
	if x.plant != nil {
		if op = x.plant(op); op == nil {
			return out, true, nil
		}
	}
	err = x.runs[to-1].Do(op)
	return x.runs[to-1].last, true, err
}

// deliver brings one of the letters that are late.
func (x *Groups) deliver() error {
	if len(x.late) == 0 {
		return nil
	}
	i := x.Roll(len(x.late))
	l := x.late[i]
	if x.Roll(3) > 0 { // else it will come once more
		x.late = slices.Delete(x.late, i, i+1)
	}
	x.tally[fmt.Sprintf("late %T", l.op)]++
	return x.runs[l.to-1].Do(l.op)
}

// Step lets somebody act, and looks at what must always be.
func (x *Groups) Step() error {
	r := x.runs[x.Roll(len(x.runs))]
	var err error
	switch x.Roll(16) {
	case 0:
		err = x.start()
	case 1, 2, 3, 4, 5, 6:
		err = x.coordinate()
	case 7, 8:
		err = x.drive()
	case 9:
		err = x.deliver()
	case 10, 11:
		err = x.use()
	case 12:
		err = r.wait()
	default:
		name := pick(x.Dice, ofOneGroup...)
		if err = r.Actions()[name](); err != nil {
			err = fmt.Errorf("%s: %w", name, err)
		}
	}
	if err == nil {
		err = r.Verify()
	}
	if err == nil {
		err = x.Check()
	}
	return err
}

// ofOneGroup is what goes on in a group besides.
var ofOneGroup = []string{
	"claim", "claim", "choose", "choose", "extend", "release", "book", "cancel", "block", "allot", "expire", "sweep", "time",
	"clock back", "retry", "reload", "reload", "freeze", "thaw", "grind", "grind bundles",
}

// use does with a reservation that stands what its holder may do: use it longer, pay for
// it, give it back; or take the payment back.
func (x *Groups) use() error {
	home := uint16(1 + x.Roll(len(x.runs)))
	s := x.state(home)
	r := x.runs[home-1]
	var standing []*ModelBundle
	for _, b := range r.m.Bundles {
		if b.leader() != nil && (b.State != shard.BundleEnded || chance(x.Dice, 16)) {
			standing = append(standing, b)
		}
	}
	if len(standing) == 0 {
		return nil
	}
	b := standing[len(standing)-1-x.Roll(min(3, len(standing)))]
	p := b.Parts[0]
	token := s.Event(p.Event).Token(p.Part.Hold)
	var amounts []int64
	for i := range b.Parts {
		amounts = append(amounts, int64(100+i))
	}
	switch x.Roll(6) {
	case 0:
		return r.Do(&shard.Extend{Event: p.Event, Hold: p.Part.Hold, Token: token, TTL: r.ttl()})
	case 1:
		return r.Do(&shard.Release{Event: p.Event, Hold: p.Part.Hold, Token: token})
	case 2:
		return r.Do(&shard.Cancel{Event: p.Event, Booking: p.Booking})
	}
	return r.Do(&shard.Book{
		Event: p.Event, Hold: p.Part.Hold, Token: token, Amount: amounts[0], Parts: amounts,
		Currency: [3]byte{'E', 'U', 'R'}, Payment: []byte("pay_1"),
	})
}

// play does so many steps, and wants everything to come to an end.
func (x *Groups) play(steps int) error {
	for i := range steps {
		if err := x.Step(); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
	}
	return x.Settle()
}

// PlayGroups makes groups, lets so much happen, and wants everything to come to an end.
func PlayGroups(d Dice, steps int) (map[string]int, error) {
	x, err := NewGroups(d)
	if err != nil {
		return nil, err
	}
	return x.tally, x.play(steps)
}
