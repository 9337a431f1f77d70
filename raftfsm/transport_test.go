package raftfsm

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"
	"go.uber.org/goleak"

	"github.com/usherhq/usher/raftfsm/peer"
)

// twoPeers are two transports over real sockets; what b receives is answered by serve.
type twoPeers struct {
	a, b   *safeTransport
	am, bm *peer.Mux
	done   chan struct{}
}

func newTwoPeers(t *testing.T, cfg transportConfig, serve func(raft.RPC)) *twoPeers {
	t.Helper()
	p := &twoPeers{am: newTestMux(t), bm: newTestMux(t), done: make(chan struct{})}
	p.a, p.b = newTransport(p.am.Layer(1, nil), cfg), newTransport(p.bm.Layer(1, nil), cfg)
	go func() {
		defer close(p.done)
		for {
			select {
			case rpc := <-p.b.Consumer():
				serve(rpc)
			case <-p.b.stop:
				return
			}
		}
	}()
	return p
}

func (p *twoPeers) close(t *testing.T) {
	t.Helper()
	for _, c := range []io.Closer{p.a, p.b, p.am, p.bm} {
		mustClose(t, c)
	}
	<-p.done
}

func respondOK(rpc raft.RPC) {
	switch rpc.Command.(type) {
	case *raft.AppendEntriesRequest:
		rpc.Respond(&raft.AppendEntriesResponse{Success: true}, nil)
	case *raft.RequestVoteRequest:
		rpc.Respond(&raft.RequestVoteResponse{Granted: true}, nil)
	case *raft.RequestPreVoteRequest:
		rpc.Respond(&raft.RequestPreVoteResponse{Granted: true}, nil)
	case *raft.InstallSnapshotRequest:
		_, err := io.Copy(io.Discard, rpc.Reader)
		rpc.Respond(&raft.InstallSnapshotResponse{Success: err == nil}, nil)
	case *raft.TimeoutNowRequest:
		rpc.Respond(&raft.TimeoutNowResponse{}, nil)
	}
}

var heartbeat = raft.AppendEntriesRequest{RPCHeader: raft.RPCHeader{ProtocolVersion: 3, ID: []byte("a"), Addr: []byte("a")}, Term: 2}

// hashicorp/raft #695: a heartbeat must reach Raft's main loop, whatever handler Raft sets.
func TestTransportHeartbeatTakesTheMainLoop(t *testing.T) {
	defer goleak.VerifyNone(t)
	seen := 0
	p := newTwoPeers(t, transportConfig{}, func(rpc raft.RPC) { seen++; respondOK(rpc) })
	var asRaft raft.Transport = p.b
	asRaft.SetHeartbeatHandler(func(rpc raft.RPC) {
		t.Error("a heartbeat took the fast path")
		respondOK(rpc)
	})
	var resp raft.AppendEntriesResponse
	if err := p.a.AppendEntries("b", p.b.LocalAddr(), &heartbeat, &resp); err != nil || !resp.Success {
		t.Errorf("heartbeat: %+v, %v", resp, err)
	}
	p.close(t)
	if seen != 1 {
		t.Errorf("the main loop saw %d heartbeats", seen)
	}
}

func TestTransportHoldsVotesAfterStart(t *testing.T) {
	defer goleak.VerifyNone(t)
	p := newTwoPeers(t, transportConfig{Heartbeat: 600 * time.Millisecond}, respondOK)
	defer p.close(t)
	to := p.b.LocalAddr()
	vote := func() error {
		return p.a.RequestVote("b", to, &raft.RequestVoteRequest{Term: 2}, &raft.RequestVoteResponse{})
	}
	preVote := func() error {
		return p.a.RequestPreVote("b", to, &raft.RequestPreVoteRequest{Term: 2}, &raft.RequestPreVoteResponse{})
	}
	for _, ask := range []func() error{vote, preVote} {
		err := ask()
		if err == nil {
			t.Error("a vote right after the start")
		} else if strings.Contains(err.Error(), "unexpected command") {
			t.Errorf("Raft takes this refusal for a pre-vote granted: %v", err)
		}
	}
	if err := p.a.AppendEntries("b", to, &heartbeat, &raft.AppendEntriesResponse{}); err != nil {
		t.Errorf("a heartbeat in that time: %v", err)
	}
	if err := p.a.TimeoutNow("b", to, &raft.TimeoutNowRequest{}, &raft.TimeoutNowResponse{}); err != nil {
		t.Errorf("a leadership transfer in that time: %v", err)
	}
	time.Sleep(time.Until(p.b.votes) + 10*time.Millisecond)
	for _, ask := range []func() error{vote, preVote} {
		if err := ask(); err != nil {
			t.Errorf("a vote after that time: %v", err)
		}
	}
}

// The boundary exactly, in virtual time.
func TestTransportVoteHoldBoundary(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := peer.NewMux(nil)
		tr := newTransport(m.Layer(0, nil), transportConfig{Heartbeat: time.Second})
		time.Sleep(time.Second - 1)
		if err := tr.admit(&raft.RequestVoteRequest{}); !errors.Is(err, errVoteHeld) {
			t.Errorf("1 ns before: %v", err)
		}
		time.Sleep(time.Nanosecond)
		if err := tr.admit(&raft.RequestVoteRequest{}); err != nil {
			t.Errorf("after: %v", err)
		}
		mustClose(t, tr)
		mustClose(t, m)
	})
}

func oneVoter() []byte {
	return raft.EncodeConfiguration(raft.Configuration{Servers: []raft.Server{{ID: "a", Address: "a:1"}}})
}

func appendOf(logs ...*raft.Log) *raft.AppendEntriesRequest {
	req := heartbeat
	req.Term, req.Entries = 5, logs
	return &req
}

// badAppends are requests that Raft must not see.
func badAppends() map[string]*raft.AppendEntriesRequest {
	sealed := command(1, "x")
	sealed.Extensions = []byte{sealVersion, 1, 2, 3, 4}
	altered := command(1, "x")
	altered.Data[0] ^= 1
	late := command(1, "x")
	late.Term = 6
	old := command(2, "y")
	old.Term = 0
	servers := func(s ...raft.Server) *raft.Log {
		return &raft.Log{Index: 1, Term: 1, Type: raft.LogConfiguration, Data: raft.EncodeConfiguration(raft.Configuration{Servers: s})}
	}
	a := raft.Server{ID: "a", Address: "a:1"}
	return map[string]*raft.AppendEntriesRequest{
		"nil entry":         appendOf(nil),
		"nil second":        appendOf(command(1, "x"), nil),
		"unknown type":      appendOf(&raft.Log{Index: 1, Term: 1, Type: 77}),
		"add peer":          appendOf(&raft.Log{Index: 1, Term: 1, Type: raft.LogAddPeerDeprecated, Data: []byte("x")}),
		"bad configuration": appendOf(&raft.Log{Index: 1, Term: 1, Type: raft.LogConfiguration, Data: []byte{0xc1, 0xff}}),
		"no configuration":  appendOf(&raft.Log{Index: 1, Term: 1, Type: raft.LogConfiguration}),
		"no servers":        appendOf(servers()),
		"no voter":          appendOf(servers(raft.Server{ID: "a", Address: "a:1", Suffrage: raft.Nonvoter})),
		"server twice":      appendOf(servers(a, a)),
		"nameless server":   appendOf(servers(a, raft.Server{Address: "b:1"})),
		"odd suffrage":      appendOf(servers(a, raft.Server{ID: "b", Address: "b:1", Suffrage: 9})),
		"gap":               appendOf(command(1, "x"), command(3, "y")),
		"repeated":          appendOf(command(1, "x"), command(1, "y")),
		"not after prev":    appendOf(command(9, "x")),
		"index zero":        appendOf(command(0, "x")),
		"bad sum":           appendOf(altered),
		"bad seal":          appendOf(sealed),
		"future term":       appendOf(late),
		"term falls":        appendOf(command(1, "x"), old),
		"too large":         appendOf(command(1, strings.Repeat("x", 1<<20))),
		"too many":          appendOf(entries(1, maxAppendEntries+1, 0)...),
		"prev term alone":   {Term: 5, PrevLogTerm: 3},
	}
}

func TestTransportRefusesMalformedAppends(t *testing.T) {
	defer goleak.VerifyNone(t)
	p := newTwoPeers(t, transportConfig{Check: sumCheck}, func(rpc raft.RPC) {
		if req, ok := rpc.Command.(*raft.AppendEntriesRequest); ok && len(req.Entries) > 0 && req.Entries[0].Index != 8 {
			t.Errorf("Raft was given %+v", req)
		}
		respondOK(rpc)
	})
	defer p.close(t)
	for name, req := range badAppends() {
		err := p.a.AppendEntries("b", p.b.LocalAddr(), req, &raft.AppendEntriesResponse{})
		if err == nil || !strings.Contains(err.Error(), "malformed") {
			t.Errorf("%s: %v", name, err)
		}
	}
	conf := &raft.Log{Index: 9, Term: 5, Type: raft.LogConfiguration, Data: oneVoter()}
	sealed := command(8, "x")
	sealed.Extensions = seal(sealed)
	good := appendOf(sealed, conf, &raft.Log{Index: 10, Term: 5, Type: raft.LogNoop}, &raft.Log{Index: 11, Term: 5, Type: raft.LogBarrier})
	good.PrevLogEntry, good.PrevLogTerm = 7, 1
	if err := p.a.AppendEntries("b", p.b.LocalAddr(), good, &raft.AppendEntriesResponse{}); err != nil {
		t.Errorf("a good one: %v", err)
	}
}

func goodInstall() raft.InstallSnapshotRequest {
	return raft.InstallSnapshotRequest{
		SnapshotVersion: raft.SnapshotVersionMax, Term: 5, LastLogIndex: 9, LastLogTerm: 4,
		Configuration: oneVoter(), ConfigurationIndex: 1, Size: 3 << 20,
	}
}

func TestTransportRefusesMalformedSnapshots(t *testing.T) {
	defer goleak.VerifyNone(t)
	installs := 0
	p := newTwoPeers(t, transportConfig{}, func(rpc raft.RPC) { installs++; respondOK(rpc) })
	send := func(req raft.InstallSnapshotRequest) error {
		body := bytes.NewReader(make([]byte, max(0, req.Size)))
		return p.a.InstallSnapshot("b", p.b.LocalAddr(), &req, &raft.InstallSnapshotResponse{}, body)
	}
	for name, spoil := range map[string]func(*raft.InstallSnapshotRequest){
		"configuration":    func(r *raft.InstallSnapshotRequest) { r.Configuration = []byte{0xc1} },
		"no configuration": func(r *raft.InstallSnapshotRequest) { r.Configuration = nil },
		"version":          func(r *raft.InstallSnapshotRequest) { r.SnapshotVersion = 0 },
		"size":             func(r *raft.InstallSnapshotRequest) { r.Size = -1 },
		"term":             func(r *raft.InstallSnapshotRequest) { r.LastLogTerm = 6 },
		"index":            func(r *raft.InstallSnapshotRequest) { r.LastLogIndex = 0 },
		"conf index":       func(r *raft.InstallSnapshotRequest) { r.ConfigurationIndex = 10 },
	} {
		req := goodInstall()
		spoil(&req)
		if err := send(req); err == nil || !strings.Contains(err.Error(), "malformed") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := send(goodInstall()); err != nil {
		t.Errorf("a good one: %v", err)
	}
	p.close(t)
	if installs != 1 {
		t.Errorf("%d snapshots got through", installs)
	}
}

func TestTransportFence(t *testing.T) {
	defer goleak.VerifyNone(t)
	p := newTwoPeers(t, transportConfig{}, respondOK)
	defer p.close(t)
	to, from := p.b.LocalAddr(), p.a.LocalAddr()
	pipe, err := p.a.AppendEntriesPipeline("b", to)
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	if _, err := pipe.AppendEntries(&heartbeat, &raft.AppendEntriesResponse{}); err != nil {
		t.Fatal(err)
	}
	<-pipe.Consumer()

	damage := errors.New("entry 7 is damaged")
	p.a.fence(damage)
	p.a.fence(errors.New("a second reason"))
	install := goodInstall()
	for name, send := range map[string]func() error{
		"append": func() error { return p.a.AppendEntries("b", to, &heartbeat, &raft.AppendEntriesResponse{}) },
		"vote":   func() error { return p.a.RequestVote("b", to, &raft.RequestVoteRequest{}, &raft.RequestVoteResponse{}) },
		"pre-vote": func() error {
			return p.a.RequestPreVote("b", to, &raft.RequestPreVoteRequest{}, &raft.RequestPreVoteResponse{})
		},
		"timeout": func() error { return p.a.TimeoutNow("b", to, &raft.TimeoutNowRequest{}, &raft.TimeoutNowResponse{}) },
		"install": func() error {
			return p.a.InstallSnapshot("b", to, &install, &raft.InstallSnapshotResponse{}, bytes.NewReader(nil))
		},
		"pipeline": func() error { _, err := p.a.AppendEntriesPipeline("b", to); return err },
		"in pipe":  func() error { _, err := pipe.AppendEntries(&heartbeat, &raft.AppendEntriesResponse{}); return err },
		"received": func() error { return p.a.admit(&heartbeat) },
	} {
		if err := send(); !errors.Is(err, errFenced) || !errors.Is(err, damage) {
			t.Errorf("%s behind the fence: %v", name, err)
		}
	}
	if err := p.b.AppendEntries("a", from, &heartbeat, &raft.AppendEntriesResponse{}); err == nil {
		t.Error("a peer got an answer from behind the fence")
	}
}

// An acknowledgement that Raft gives while its own call raised the fence stays inside.
func TestTransportFenceSwallowsTheAnswerUnderWay(t *testing.T) {
	defer goleak.VerifyNone(t)
	var p *twoPeers
	ready := make(chan struct{})
	p = newTwoPeers(t, transportConfig{}, func(rpc raft.RPC) {
		<-ready
		p.b.fence(errors.New("found while handling"))
		respondOK(rpc)
	})
	close(ready)
	defer p.close(t)
	var resp raft.AppendEntriesResponse
	if err := p.a.AppendEntries("b", p.b.LocalAddr(), &heartbeat, &resp); err == nil || resp.Success {
		t.Errorf("acknowledged: %+v, %v", resp, err)
	}
}

// Bytes at random, also behind a good type byte, end their connection and nothing else.
func TestTransportSurvivesGarbage(t *testing.T) {
	defer goleak.VerifyNone(t)
	p := newTwoPeers(t, transportConfig{Check: sumCheck}, respondOK)
	defer p.close(t)
	rng := rand.New(rand.NewPCG(1, 2))
	other := newTestMux(t)
	layer := other.Layer(1, nil)
	for range 300 {
		c, err := layer.Dial(p.b.LocalAddr(), 5*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		junk := make([]byte, 1+rng.IntN(200))
		for i := range junk {
			junk[i] = byte(rng.Uint32())
		}
		junk[0] = byte(rng.IntN(6))
		_, _ = c.Write(junk) // it may have hung up already
		c.Close()
	}
	mustClose(t, layer)
	mustClose(t, other)
	if err := p.a.AppendEntries("b", p.b.LocalAddr(), &heartbeat, &raft.AppendEntriesResponse{}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func FuzzCheckAppend(f *testing.F) {
	f.Add(uint64(7), uint64(1), uint64(8), uint64(1), uint8(0), []byte("x"), []byte(nil))
	f.Add(uint64(0), uint64(0), uint64(1), uint64(1), uint8(raft.LogConfiguration), oneVoter(), []byte{1, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, prev, prevTerm, index, term uint64, kind uint8, data, ext []byte) {
		l := &raft.Log{Index: index, Term: term, Type: raft.LogType(kind), Data: data, Extensions: ext}
		req := &raft.AppendEntriesRequest{Term: 9, PrevLogEntry: prev, PrevLogTerm: prevTerm, Entries: []*raft.Log{l}}
		if checkAppend(req, 1<<20, nil) != nil {
			return
		}
		if index != prev+1 || index == 0 || term == 0 || term > 9 {
			t.Fatalf("let through %+v after %d", l, prev)
		}
		if l.Type == raft.LogConfiguration {
			raft.DecodeConfiguration(data) // panics if Raft would
		}
	})
}
