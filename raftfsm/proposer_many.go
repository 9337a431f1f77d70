package raftfsm

// proposeMany is propose for many requests at once, which it does not wait for: each is answered
// through its done channel. The caller tells left how many there were when it is through with
// them all.
func (p *proposer) proposeMany(rs []*Request) {
	over := p.underway.Add(int64(len(rs))) - int64(p.limit)
	queue := make([]*Request, 0, len(rs))
	for i, r := range rs {
		switch {
		case int64(len(rs)-i) <= over:
			r.refuse(&OutcomeError{OutcomeNotApplied, ErrOverload})
		case p.refusedAtDoor(r):
			r.refuse(nil)
		default:
			queue = append(queue, r)
		}
	}
	p.enqueueMany(queue)
}

// left is called when nobody waits for n requests of proposeMany any more.
func (p *proposer) left(n int) { p.underway.Add(-int64(n)) }

// enqueueMany is enqueue for many.
func (p *proposer) enqueueMany(rs []*Request) {
	if len(rs) == 0 {
		return
	}
	now := p.bootNear()
	for _, r := range rs {
		if r.Cmd.claims() {
			r.came = p.latency.begin(now)
		}
	}
	p.mu.Lock()
	err := p.closed
	if err == nil && len(p.pending)+len(rs) > p.limit {
		err = ErrOverload
	}
	if err == nil {
		p.pending = append(p.pending, rs...)
	}
	p.mu.Unlock()
	if err == nil {
		p.signal()
		return
	}
	for _, r := range rs {
		r.refuse(&OutcomeError{OutcomeNotApplied, err})
	}
}

// refuse answers a request that was not queued.
func (r *Request) refuse(err error) {
	r.state.Store(requestTaken)
	r.finish(err)
}
