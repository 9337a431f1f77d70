package raftfsm

import "runtime"

// doorYield is how many claims are refused at the door before one of their callers lets
// others run: callers that spin on refusals must not starve raft's heartbeats. Yielding
// at each would cost more than the refusals.
const doorYield = 4

// The door is worth its look at the state only where claims are lost: who wins is looked at
// again by the proposer. So it stands open for as many that get past it as it has credit,
// which each refusal gives it: it is open where more than one in seventeen is refused.
const (
	doorCredit    = 16
	maxDoorCredit = 4096
)

// refusedAtDoor answers a claim that committed state refuses on its caller's own
// goroutine, by the rules of refuse: the state is read first, all else checked after.
// So a crowd that has lost wakes nobody and waits for nobody, and the proposer is left to
// those who may win. What is not settled here queues: all else, all while an entry is
// being applied, and all when the evidence wants to be renewed, which takes one of them.
func (p *proposer) refusedAtDoor(r *Request) bool {
	if !r.Cmd.claims() || p.credit.Load() <= 0 {
		return false
	}
	if !p.lost(r) || !p.evidence.fresh(p.bootNear()) || !p.leads() {
		p.credit.Add(-1)
		return false
	}
	p.observe.refused(1)
	if p.doors.Add(1)%doorYield == 0 {
		p.earn(doorYield)
		runtime.Gosched()
	}
	return true
}

// earn gives the door credit for refusals. Two at once may count as one: it is a guess.
func (p *proposer) earn(refusals int) {
	p.credit.Store(min(p.credit.Load()+int64(refusals)*doorCredit, maxDoorCredit))
}

// lost tells whether committed state refuses the claim, and fills in its result. It does
// not wait for the state.
func (p *proposer) lost(r *Request) bool {
	now := p.clock.now()
	if !p.fsm.mu.TryRLock() {
		return false
	}
	defer p.fsm.mu.RUnlock()
	s := p.fsm.seats()
	return s != nil && refuses(s, max(now, s.Now()), &r.Cmd, &r.Result.Result)
}
