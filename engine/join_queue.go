package engine

import (
	"context"
	"slices"
	"sync"

	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/waitroom"
)

// joinsUnderWay is how many commands of a room's joins are on their way at most. Who comes
// meanwhile waits for the next: the larger the crowd, the more of it shares an entry.
const joinsUnderWay = 2

// defaultJoins bounds who waits for that; see Config.MaxInFlight.
const defaultJoins = 65_536

// joiner is one caller of Join.
type joiner struct {
	entrant waitroom.Entrant
	got     waitroom.Joined
	err     error
	state   joinState // guarded by the queue's mutex
	done    chan struct{}
}

type joinState uint8

const (
	joinWaits joinState = iota
	joinTaken           // it may be in the log
	joinGone            // its caller left before it was taken
)

var joiners = sync.Pool{New: func() any { return &joiner{done: make(chan struct{}, 1)} }}

// joinQueue has the joins of one room that are not under way yet, in order of arrival.
type joinQueue struct {
	mu      sync.Mutex
	waiting []*joiner
	crews   int // goroutines that send them: 0…joinsUnderWay
}

// add queues a joiner; crew says that somebody is needed to send it.
func (q *joinQueue) add(j *joiner, limit int) (crew bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) >= limit {
		return false, notApplied(ErrOverloaded)
	}
	q.waiting = append(q.waiting, j)
	if q.crews == joinsUnderWay {
		return false, nil
	}
	q.crews++
	return true, nil
}

// take is the next command's worth of joiners; none means that the crew is no longer needed.
func (q *joinQueue) take() []*joiner {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = slices.DeleteFunc(q.waiting, func(j *joiner) bool { return j.state == joinGone })
	n := min(len(q.waiting), raftfsm.MaxJoin)
	if n == 0 {
		q.crews--
		return nil
	}
	batch := slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	for _, j := range batch {
		j.state = joinTaken
	}
	return batch
}

// leave is for a caller that waits no longer.
func (q *joinQueue) leave(j *joiner, why error) (waitroom.Joined, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if j.state == joinWaits {
		j.state = joinGone
		return waitroom.Joined{}, notApplied(why)
	}
	select {
	case <-j.done:
		return j.got, j.err
	default:
		return waitroom.Joined{}, &raftfsm.OutcomeError{Outcome: OutcomeUnknown, Err: why}
	}
}

// joinCrew owns the goroutines that send joins: no caller's context ends what others wait for.
type joinCrew struct {
	e    *Engine
	mu   sync.Mutex
	shut bool
	wg   sync.WaitGroup
}

func (c *joinCrew) join(ctx context.Context, room *roomRef, entrant waitroom.Entrant) (waitroom.Joined, error) {
	limit := c.e.cfg.MaxInFlight
	if limit == 0 {
		limit = defaultJoins
	}
	j := joiners.Get().(*joiner)
	j.entrant, j.got, j.err, j.state = entrant, waitroom.Joined{}, nil, joinWaits
	crew, err := room.joins.add(j, limit)
	if err != nil {
		joiners.Put(j)
		return waitroom.Joined{}, err
	}
	if crew {
		c.start(room)
	}
	select {
	case <-j.done:
		got, err := j.got, j.err
		joiners.Put(j)
		return got, err
	case <-ctx.Done():
		return room.joins.leave(j, ctx.Err())
	}
}

// start sends what waits in a room until nothing does. When the engine is being closed it
// tells them so.
func (c *joinCrew) start(room *roomRef) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.shut {
		c.wg.Go(func() { c.work(room) })
		return
	}
	for batch := room.joins.take(); batch != nil; batch = room.joins.take() {
		answer(batch, nil, notApplied(ErrClosed))
	}
}

func (c *joinCrew) work(room *roomRef) {
	for batch := room.joins.take(); batch != nil; batch = room.joins.take() {
		entrants := make([]waitroom.Entrant, len(batch))
		for i, j := range batch {
			entrants[i] = j.entrant
		}
		joined, err := c.e.sendJoins(c.e.ctx, room, entrants)
		answer(batch, joined, err)
	}
}

func answer(batch []*joiner, joined []waitroom.Joined, err error) {
	for i, j := range batch {
		if j.err = err; err == nil {
			j.got = joined[i]
		}
		j.done <- struct{}{}
	}
}

// wait starts no more crews and waits for those at work; the engine's context has ended.
func (c *joinCrew) wait() {
	c.mu.Lock()
	c.shut = true
	c.mu.Unlock()
	c.wg.Wait()
}

// sendJoins is one command. The log may keep the entrants after an error.
func (e *Engine) sendJoins(ctx context.Context, room *roomRef, entrants []waitroom.Entrant) ([]waitroom.Joined, error) {
	r := raftfsm.NewRequest()
	r.Cmd.Op, r.Cmd.Join = raftfsm.OpJoin, &waitroom.Join{Room: room.no, Entrants: entrants}
	res, err := e.proposeWhole(ctx, room.group, r, true) // by nature: who has a place keeps it
	if err == nil {
		err = res.Err
	}
	if err == nil && len(res.Joined) != len(entrants) {
		err = &raftfsm.OutcomeError{Outcome: OutcomeApplied, Err: errJoinAnswer}
	}
	return res.Joined, err
}
