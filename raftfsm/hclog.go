package raftfsm

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"slices"
	"strings"

	"github.com/hashicorp/go-hclog"
)

// levelTrace is below slog's lowest: hclog has one level more.
const levelTrace = slog.LevelDebug - 4

// slogBridge gives hashicorp's libraries their logger and writes to the embedder's slog.Logger.
// The slog handler decides what is written; SetLevel is ignored. Safe for all goroutines.
type slogBridge struct {
	base    *slog.Logger // without the name
	logger  *slog.Logger // base with it
	name    string
	implied []any
}

var _ hclog.Logger = (*slogBridge)(nil)

// newHCLog bridges l, or nothing if l is nil, under a name (may be empty) that becomes the
// attribute "component".
func newHCLog(l *slog.Logger, name string) hclog.Logger {
	if l == nil {
		l = slog.New(slog.DiscardHandler)
	}
	return newBridge(l, name, nil)
}

func newBridge(base *slog.Logger, name string, implied []any) *slogBridge {
	b := &slogBridge{base: base, logger: base, name: name, implied: implied}
	if name != "" {
		b.logger = base.With("component", name)
	}
	return b
}

// Log writes one line at level.
func (b *slogBridge) Log(level hclog.Level, msg string, args ...any) {
	ctx := context.Background()
	// What raft tells for information is about raft.
	if level == hclog.Info || isRoutine(msg) || isFirstElection(msg, args) {
		level = min(level, hclog.Debug)
	}
	if at, ok := slogLevel(level); ok && b.logger.Enabled(ctx, at) {
		b.logger.Log(ctx, at, msg, slogArgs(args)...)
	}
}

// routine are what raft calls errors and warnings, and every start and stop brings about:
// connections that end, and votes nobody is asked for any more. That a peer cannot be
// reached, or a group has lost its leader, is told at raft's own level.
var routine = []string{
	"failed to decode incoming command", "failed to accept connection", "failed to flush response",
	"failed to make requestVote", "failed to make requestPreVote", "unable to get address for server",
	"rejecting vote request", "rejecting pre-vote request",
}

func isRoutine(msg string) bool {
	return slices.ContainsFunc(routine, func(r string) bool { return strings.HasPrefix(msg, r) })
}

// isFirstElection tells the election of a group that has had no leader since it started,
// as every one begins, from that of one which has lost its leader.
func isFirstElection(msg string, args []any) bool {
	if !strings.HasPrefix(msg, "heartbeat timeout reached, starting election") {
		return false
	}
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == "last-leader-id" {
			return fmt.Sprint(args[i+1]) == ""
		}
	}
	return false
}

// Trace and its like write one line at their level.
func (b *slogBridge) Trace(msg string, args ...any) { b.Log(hclog.Trace, msg, args...) }

// Debug see Trace.
func (b *slogBridge) Debug(msg string, args ...any) { b.Log(hclog.Debug, msg, args...) }

// Info see Trace.
func (b *slogBridge) Info(msg string, args ...any) { b.Log(hclog.Info, msg, args...) }

// Warn see Trace.
func (b *slogBridge) Warn(msg string, args ...any) { b.Log(hclog.Warn, msg, args...) }

// Error see Trace.
func (b *slogBridge) Error(msg string, args ...any) { b.Log(hclog.Error, msg, args...) }

// IsTrace and its like tell whether the level is written.
func (b *slogBridge) IsTrace() bool { return b.enabled(hclog.Trace) }

// IsDebug see IsTrace.
func (b *slogBridge) IsDebug() bool { return b.enabled(hclog.Debug) }

// IsInfo see IsTrace.
func (b *slogBridge) IsInfo() bool { return b.enabled(hclog.Info) }

// IsWarn see IsTrace.
func (b *slogBridge) IsWarn() bool { return b.enabled(hclog.Warn) }

// IsError see IsTrace.
func (b *slogBridge) IsError() bool { return b.enabled(hclog.Error) }

// ImpliedArgs are the pairs given to With.
func (b *slogBridge) ImpliedArgs() []any { return b.implied }

// With gives a logger that adds these pairs to each line.
func (b *slogBridge) With(args ...any) hclog.Logger {
	implied := append(append([]any(nil), b.implied...), args...)
	return newBridge(b.base.With(slogArgs(args)...), b.name, implied)
}

// Name is what Named made.
func (b *slogBridge) Name() string { return b.name }

// Named appends to the name.
func (b *slogBridge) Named(name string) hclog.Logger {
	if b.name != "" {
		name = b.name + "." + name
	}
	return b.ResetNamed(name)
}

// ResetNamed replaces the name.
func (b *slogBridge) ResetNamed(name string) hclog.Logger {
	return newBridge(b.base, name, b.implied)
}

// SetLevel does nothing: the slog handler decides.
func (b *slogBridge) SetLevel(hclog.Level) {}

// GetLevel is the lowest level that is written.
func (b *slogBridge) GetLevel() hclog.Level {
	for _, l := range []hclog.Level{hclog.Trace, hclog.Debug, hclog.Info, hclog.Warn, hclog.Error} {
		if b.enabled(l) {
			return l
		}
	}
	return hclog.Off
}

// StandardLogger gives a log.Logger that writes each line here.
func (b *slogBridge) StandardLogger(opts *hclog.StandardLoggerOptions) *log.Logger {
	return log.New(b.StandardWriter(opts), "", 0)
}

// StandardWriter gives a writer that makes each Write one line.
func (b *slogBridge) StandardWriter(opts *hclog.StandardLoggerOptions) io.Writer {
	level := hclog.Info
	if opts != nil && opts.ForceLevel != hclog.NoLevel {
		level = opts.ForceLevel
	}
	return bridgeWriter{b, level}
}

func (b *slogBridge) enabled(l hclog.Level) bool {
	at, ok := slogLevel(l)
	return ok && b.logger.Enabled(context.Background(), at)
}

type bridgeWriter struct {
	b     *slogBridge
	level hclog.Level
}

func (w bridgeWriter) Write(p []byte) (int, error) {
	w.b.Log(w.level, string(bytes.TrimRight(p, " \t\r\n")))
	return len(p), nil
}

func slogLevel(l hclog.Level) (slog.Level, bool) {
	switch l {
	case hclog.Trace:
		return levelTrace, true
	case hclog.Debug:
		return slog.LevelDebug, true
	case hclog.Warn:
		return slog.LevelWarn, true
	case hclog.Error:
		return slog.LevelError, true
	case hclog.Off:
		return 0, false
	default:
		return slog.LevelInfo, true
	}
}

// slogArgs turns hclog's pairs into slog's: keys become strings, hclog's number and format
// wrappers what they print.
func slogArgs(args []any) []any {
	out := make([]any, 0, len(args)+1)
	for i := 0; i+1 < len(args); i += 2 {
		out = append(out, slog.Any(fmt.Sprint(args[i]), slogValue(args[i+1])))
	}
	if len(args)%2 == 1 {
		out = append(out, slog.Any("extra", slogValue(args[len(args)-1])))
	}
	return out
}

func slogValue(v any) any {
	switch v := v.(type) {
	case hclog.Format:
		if format, ok := v[0].(string); ok {
			return fmt.Sprintf(format, v[1:]...)
		}
		return fmt.Sprint(v...)
	case hclog.Hex:
		return fmt.Sprintf("0x%x", int(v))
	case hclog.Octal:
		return fmt.Sprintf("0%o", int(v))
	case hclog.Binary:
		return fmt.Sprintf("0b%b", int(v))
	case hclog.Quote:
		return fmt.Sprintf("%q", string(v))
	default:
		return v
	}
}
