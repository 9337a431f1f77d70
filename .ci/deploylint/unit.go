package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// installed is where the unit has the binary.
const installed = "/usr/local/bin/usher"

// unit has systemd check a copy of the unit that names a binary which exists here. Unknown
// settings are warnings to systemd; here nothing may be said at all.
func unit(ctx context.Context, l *findings, path, binary string) ([]call, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var calls []call
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "ExecStart="+installed+" "); ok {
			calls = append(calls, call{where: path, args: strings.Fields(rest)})
		}
	}
	if len(calls) == 0 {
		l.add(path, "no ExecStart of %s", installed)
	}
	dir, err := os.MkdirTemp("", "deploylint")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if said, err := verifyUnit(ctx, dir, filepath.Base(path), strings.ReplaceAll(string(raw), installed, binary)); err != nil {
		return nil, err
	} else if said != "" {
		l.add(path, "systemd-analyze verify: %s", said)
	}
	l.units++
	return calls, nil
}

// verifyUnit gives what systemd says of the unit, "" if it has nothing to say.
func verifyUnit(ctx context.Context, dir, name, text string) (string, error) {
	at := filepath.Join(dir, name)
	if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
		return "", err
	}
	// Not the units that it wants: those of a container are broken in ways of their own.
	out, err := exec.CommandContext(ctx, "systemd-analyze", "verify", "--man=no", "--recursive-errors=no", at).CombinedOutput()
	said := strings.TrimSpace(string(out))
	if err != nil && said == "" {
		return "", fmt.Errorf("systemd-analyze verify %s: %w", name, err)
	}
	return said, nil
}
