package raftfsm

import (
	"sync"

	"github.com/hashicorp/raft"
)

// pipelineAnswers bounds the answers that a pipeline keeps for a Raft that does not take them.
// Each belongs to a request that Raft has sent since it stopped taking; it sends very few, as it
// looks whether to stop before each.
const pipelineAnswers = 1024

// AppendEntriesPipeline opens a pipeline that the fence cuts as well, and that nobody can wedge.
func (t *safeTransport) AppendEntriesPipeline(id raft.ServerID, target raft.ServerAddress) (raft.AppendPipeline, error) {
	if err := t.fenced(); err != nil {
		return nil, err
	}
	inner, err := t.NetworkTransport.AppendEntriesPipeline(id, target)
	if err != nil {
		return nil, err
	}
	p := &safePipeline{AppendPipeline: inner, t: t, answers: make(chan raft.AppendFuture), stop: make(chan struct{}), done: make(chan struct{})}
	go p.relay()
	return p, nil
}

// safePipeline always takes the peer's answers. Raft's own hands each to Raft before it reads the
// next one, and Raft stops taking them at an answer of a newer term or one that says no; if it is
// sending at that moment, sender, reader and Raft wait for each other for ever (hashicorp/raft
// #612): that peer gets no entry any more, and Shutdown never returns.
//
// Raft calls AppendEntries from one goroutine and reads Consumer from another; the first of them
// calls Close.
type safePipeline struct {
	raft.AppendPipeline
	t       *safeTransport
	answers chan raft.AppendFuture
	once    sync.Once
	stop    chan struct{}
	done    chan struct{} // closed when relay has ended
}

// AppendEntries sends unless fenced. An answer under way when the fence falls is lost with its
// connection.
func (p *safePipeline) AppendEntries(args *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse) (raft.AppendFuture, error) {
	if err := p.t.fenced(); err != nil {
		return nil, err
	}
	return p.AppendPipeline.AppendEntries(args, resp)
}

// Consumer gives the answers in the order of the requests.
func (p *safePipeline) Consumer() <-chan raft.AppendFuture { return p.answers }

// Close ends the connection.
func (p *safePipeline) Close() error {
	err := p.AppendPipeline.Close()
	p.once.Do(func() { close(p.stop) })
	<-p.done
	return err
}

func (p *safePipeline) relay() {
	defer close(p.done)
	var queue []raft.AppendFuture
	for {
		in, out, next := p.AppendPipeline.Consumer(), p.answers, raft.AppendFuture(nil)
		if len(queue) == 0 {
			out = nil
		} else {
			next = queue[0]
		}
		if len(queue) == pipelineAnswers {
			in = nil
		}
		select {
		case f := <-in:
			queue = append(queue, f)
		case out <- next:
			queue = queue[1:]
		case <-p.stop:
			return
		}
	}
}
