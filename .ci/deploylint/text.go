package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// containerfile looks at how the image calls usher when nothing else is said.
func containerfile(l *findings, path string) ([]call, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c := call{where: path}
	for line := range strings.Lines(string(raw)) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "CMD":
			if err := json.Unmarshal([]byte(rest), &c.args); err != nil {
				return nil, fmt.Errorf("%s: CMD: %w", path, err)
			}
		case "VOLUME":
			c.mounts = append(c.mounts, strings.Fields(rest)...)
		case "USER":
			if strings.HasPrefix(rest, "0") || strings.HasPrefix(rest, "root") {
				l.add(path, "it runs as root")
			}
		}
	}
	c.checkMounts(l)
	return []call{c}, nil
}

var (
	spoken   = regexp.MustCompile(`^[#\s]*usher +([a-z].*)$`)
	mentions = regexp.MustCompile(`\bUSHER_[A-Z0-9_]*[A-Z0-9]`)
)

// text reads all files, comments too: every variable named is one of usher's, and every
// line that shows a command of usher is a call.
func text(l *findings, p *program, dir string) ([]call, error) {
	var calls []call
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		n := 0
		for line := range strings.Lines(string(raw)) {
			n++
			where := fmt.Sprintf("%s:%d", path, n)
			for _, name := range mentions.FindAllString(line, -1) {
				l.variables++
				if !p.variables[name] {
					l.add(where, "usher reads no variable %s", name)
				}
			}
			if m := spoken.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil {
				calls = append(calls, call{where: where, args: strings.Fields(m[1])})
			}
		}
		return nil
	})
	return calls, err
}
