package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
)

// term is where a command reads and writes. Reports go to out, the rest to err.
type term struct {
	in  io.Reader
	out *stickyWriter
	err *stickyWriter
}

// stickyWriter remembers the first error, so that it is asked for once, at the end.
type stickyWriter struct {
	mu  sync.Mutex
	w   io.Writer
	err error
}

func (s *stickyWriter) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.w.Write(b)
	s.err = err
	return n, err
}

// printf writes to the report.
func (t *term) printf(format string, args ...any) { fmt.Fprintf(t.out, format, args...) }

// rawJSON writes what the server answered as the report: one line.
func (t *term) rawJSON(raw json.RawMessage) error {
	line, err := oneLine(raw)
	if err != nil {
		return err
	}
	_, err = t.out.Write(line)
	return err
}

// json writes v as the report: one line.
func (t *term) json(v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = t.out.Write(append(raw, '\n'))
	return err
}

// complain tells an error in one line.
func (t *term) complain(err error) {
	var parts []string
	for line := range strings.Lines(err.Error()) { // joined errors are one a line
		line = strings.TrimPrefix(strings.TrimSpace(line), "usher: ")
		parts = append(parts, strings.ReplaceAll(line, ": usher: ", ": "))
	}
	fmt.Fprintf(t.err, "usher: %s\n", strings.Join(slices.Compact(parts), "; "))
}
