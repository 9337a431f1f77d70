package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"

	"github.com/usherhq/usher/engine"
)

// turnstile admits who has been let in, by a MAC over event and holder that is good until
// they leave. Who waits outside is the sale's own affair.
type turnstile struct {
	key    [32]byte
	inside sync.Map // token → struct{}
}

var _ engine.Admission = (*turnstile)(nil)

func newTurnstile() *turnstile {
	g := &turnstile{}
	_, _ = rand.Read(g.key[:]) // it never fails
	return g
}

func (g *turnstile) sign(event, holder string) string {
	mac := hmac.New(sha256.New, g.key[:])
	fmt.Fprintf(mac, "%s\x00%s", event, holder)
	return hex.EncodeToString(mac.Sum(nil))
}

func (g *turnstile) enter(event, holder string) (token string) {
	token = g.sign(event, holder)
	g.inside.Store(token, struct{}{})
	return token
}

func (g *turnstile) leave(event, holder string) { g.inside.Delete(g.sign(event, holder)) }

// Admitted is asked by the engine before each claim.
func (g *turnstile) Admitted(_ context.Context, event, holder, token string) error {
	if !hmac.Equal([]byte(token), []byte(g.sign(event, holder))) {
		return fmt.Errorf("%w: not ours", engine.ErrAdmissionInvalid)
	}
	if _, ok := g.inside.Load(token); !ok {
		return fmt.Errorf("%w: the session is over", engine.ErrAdmissionInvalid)
	}
	return nil
}
