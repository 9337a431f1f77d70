package raftfsm

import (
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"go.uber.org/goleak"
)

// hashicorp/raft #612: a Raft that takes no more answers must still be able to send, until it
// looks whether to stop; and what it takes later comes in order.
func TestTransportPipelineCannotBeWedged(t *testing.T) {
	defer goleak.VerifyNone(t)
	const requests = 200
	p := newTwoPeers(t, transportConfig{}, respondOK)
	defer p.close(t)
	pipe, err := p.a.AppendEntriesPipeline("b", p.b.LocalAddr())
	if err != nil {
		t.Fatal(err)
	}
	sent := make(chan error, 1)
	go func() {
		for i := range requests {
			req := heartbeat
			req.PrevLogEntry = uint64(i)
			if _, err := pipe.AppendEntries(&req, new(raft.AppendEntriesResponse)); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	select {
	case err := <-sent:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Error("the sender waits for somebody to take the answers")
	}
	for i := range requests {
		select {
		case f := <-pipe.Consumer():
			if f.Request().PrevLogEntry != uint64(i) || !f.Response().Success {
				t.Fatalf("answer %d is %+v to %+v", i, f.Response(), f.Request())
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("%d of %d answers came", i, requests)
		}
	}
	mustClose(t, pipe)
	mustClose(t, pipe)
}

// A pipeline that is closed lets go of a sender whose peer says nothing.
func TestTransportPipelineCloseFreesItsSender(t *testing.T) {
	defer goleak.VerifyNone(t)
	hold := make(chan struct{})
	p := newTwoPeers(t, transportConfig{}, func(rpc raft.RPC) { <-hold; respondOK(rpc) })
	pipe, err := p.a.AppendEntriesPipeline("b", p.b.LocalAddr())
	if err != nil {
		t.Fatal(err)
	}
	sent := make(chan error, 1)
	go func() {
		for {
			if _, err := pipe.AppendEntries(&heartbeat, new(raft.AppendEntriesResponse)); err != nil {
				sent <- err
				return
			}
		}
	}()
	time.Sleep(20 * time.Millisecond)
	mustClose(t, pipe)
	select {
	case <-sent:
	case <-time.After(30 * time.Second):
		t.Error("its sender is still waiting")
	}
	close(hold)
	p.close(t)
}
