package engine

import "context"

// Caller is who makes a request. Until keys are configured every caller is trusted
// with the holder it names; the one place that will change is where it is put into the
// context.
type Caller struct {
	// Name scopes idempotency keys: two callers may use the same key.
	Name string
}

type callerKey struct{}

// WithCaller returns a context that carries the caller.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerFrom returns the context's caller, or the anonymous one.
func CallerFrom(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}
