package raftfsm

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
)

func bridgeTo(level slog.Level) (*bytes.Buffer, hclog.Logger) {
	var out bytes.Buffer
	h := slog.NewTextHandler(&out, &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	return &out, newHCLog(slog.New(h), "raft")
}

func TestHCLogLines(t *testing.T) {
	out, l := bridgeTo(slog.LevelDebug)
	l.Trace("unseen")
	l.Debug("d", "n", 1)
	l.Info("i", "servers", hclog.Fmt("%d of %d", 2, 3), "hex", hclog.Hex(255), "odd")
	l.Named("net").With("group", 4).Named("tcp").Warn("w", 5, "x")
	l.ResetNamed("").Error("e", "err", hclog.Quote("a"))
	l.Log(hclog.Off, "unseen")
	want := `level=DEBUG msg=d component=raft n=1
level=DEBUG msg=i component=raft servers="2 of 3" hex=0xff extra=odd
level=WARN msg=w group=4 component=raft.net.tcp 5=x
level=ERROR msg=e err="\"a\""
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
}

func TestHCLogLevels(t *testing.T) {
	out, l := bridgeTo(slog.LevelWarn)
	if l.IsInfo() || !l.IsWarn() || !l.IsError() || l.GetLevel() != hclog.Warn {
		t.Errorf("levels: info %v, warn %v, error %v, lowest %v", l.IsInfo(), l.IsWarn(), l.IsError(), l.GetLevel())
	}
	l.SetLevel(hclog.Trace)
	l.Info("unseen")
	if out.Len() != 0 {
		t.Errorf("wrote %q", out)
	}
	if nothing := newHCLog(nil, "x"); nothing.IsError() || nothing.GetLevel() != hclog.Off || nothing.Name() != "x" {
		t.Error("a nil logger writes")
	}
}

func TestHCLogStandard(t *testing.T) {
	out, l := bridgeTo(slog.LevelInfo)
	l.StandardLogger(&hclog.StandardLoggerOptions{ForceLevel: hclog.Error}).Println("from the standard library")
	if !strings.Contains(out.String(), `level=ERROR msg="from the standard library"`) {
		t.Errorf("wrote %q", out)
	}
	if args := l.With("a", 1).With("b", 2).ImpliedArgs(); len(args) != 4 {
		t.Errorf("implied %v", args)
	}
}
