package raftfsm

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"

	"go.uber.org/goleak"

	"github.com/usherhq/usher/raftfsm/peer"
)

// TestErrorsOfCalls: what a handler returns, or a node without room for one, arrives as what it is,
// with its outcome.
func TestErrorsOfCalls(t *testing.T) {
	defer goleak.VerifyNone(t)
	am, bm := newTestMux(t), newTestMux(t)
	defer mustClose(t, am)
	defer mustClose(t, bm)
	a, b := peer.NewCalls(am, wireErrors{}, slog.New(slog.DiscardHandler)), peer.NewCalls(bm, wireErrors{}, slog.New(slog.DiscardHandler))
	defer mustClose(t, a)
	defer mustClose(t, b)
	refused := &OutcomeError{OutcomeUnknown, ErrNotLeader}
	b.Handle(200, false, func(context.Context, string, []byte) ([]byte, error) { return nil, refused })
	b.HandleMany(201, 0, func(context.Context, string, []byte) ([]byte, error) { return nil, errors.New("there is no room") })
	b.Serve()
	to := string(address(bm.Layer(0, nil)))
	for kind, want := range map[uint8]*OutcomeError{200: refused, 201: {OutcomeNotApplied, ErrOverload}} {
		var got *OutcomeError
		if _, err := a.Call(t.Context(), to, kind, nil); !errors.As(err, &got) || *got != *want {
			t.Errorf("call %d: told %v, not %v", kind, err, want)
		}
	}
	if _, err := a.Call(t.Context(), to, 202, nil); !errors.Is(err, peer.ErrUnknownCall) {
		t.Errorf("an unknown call: %v", err)
	}
}

// FuzzPeerError: what is read is what would be written.
func FuzzPeerError(f *testing.F) {
	f.Add(appendError(nil, &OutcomeError{OutcomeUnknown, ErrNoQuorum}))
	f.Add(appendError(nil, io.ErrUnexpectedEOF))
	f.Fuzz(func(t *testing.T, raw []byte) {
		told, rest, err := readError(raw)
		if err != nil {
			return
		}
		if again := appendError(nil, told); !bytes.Equal(again, raw[:len(raw)-len(rest)]) {
			var r *remoteError
			if errors.As(told, &r) && r.is == nil {
				return // of a number that this program does not know
			}
			t.Fatalf("%x was read as %v", raw, told)
		}
	})
}
