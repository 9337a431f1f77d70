package peertls

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Security makes the connections between nodes safe. Its methods are safe for all
// goroutines; it has none of its own, and nothing to close.
type Security struct {
	files Files
	log   *slog.Logger
	every time.Duration // how often the files are looked at, at most
	inUse atomic.Pointer[material]

	mu      sync.Mutex
	looked  time.Time
	seen    look   // as the files were when inUse was read
	refused string // what the log has been told of last: a digest or an error's text
	node    string // what the certificate has to name; "" is not known yet
}

// lookEvery bounds how often handshakes look at the files.
const lookEvery = time.Second

// Load reads and checks the files; an error names the file that is to blame and is one of
// this package's where errors.Is can tell. A nil log says nothing.
func Load(f Files, log *slog.Logger) (*Security, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if f.Cert == "" || f.Key == "" || f.CA == "" {
		return nil, fmt.Errorf("peer security: certificate %q, key %q and CA %q: all three are needed", f.Cert, f.Key, f.CA)
	}
	now := time.Now()
	s := &Security{files: f, log: log, every: lookEvery, looked: now, seen: f.lookAt(now)}
	c, err := f.read()
	if err != nil {
		return nil, fmt.Errorf("peer security: %w", err)
	}
	m, err := newMaterial(f, c, now)
	if err != nil {
		return nil, fmt.Errorf("peer security: %w", err)
	}
	s.inUse.Store(m)
	return s, nil
}

// BindTo wants this node's certificate to name it, now and after each reload: peers would
// not talk to it under any other id. The error is an ErrPeerName.
func (s *Security) BindTo(nodeID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := names(s.inUse.Load().leaf, nodeID); err != nil {
		return fmt.Errorf("%s: %w", s.files.Cert, err)
	}
	s.node = nodeID
	return nil
}

// NotAfter is when the certificate in use ends, or the CA's if that comes first.
func (s *Security) NotAfter() time.Time { return s.current().notAfter }

// current gives what handshakes are to use, after a look at the files if one is due.
func (s *Security) current() *material {
	// Whoever is looking already is looking for all.
	if s.mu.TryLock() {
		defer s.mu.Unlock()
		if now := time.Now(); now.Sub(s.looked) >= s.every {
			s.looked = now
			s.reload(now)
		}
	}
	return s.inUse.Load()
}

// reload takes the files' contents if they are new and sound. What was refused is tried
// again at the next look: half of a swap may have been seen, or its time may come. The
// caller holds mu.
func (s *Security) reload(now time.Time) {
	is := s.files.lookAt(now)
	if s.seen.holds(is) {
		return
	}
	c, err := s.files.read()
	if err != nil {
		s.refuse(err.Error(), err)
		return
	}
	old := s.inUse.Load()
	if !c.equal(old.raw) {
		m, err := newMaterial(s.files, c, now)
		if err == nil && s.node != "" {
			err = inFile(s.files.Cert, names(m.leaf, s.node))
		}
		if err != nil {
			s.refuse(c.digest(), err)
			return
		}
		s.inUse.Store(m)
		s.log.Info("peer certificates: new ones are in use", "cert", s.files.Cert, "not_after", m.notAfter)
	}
	s.seen, s.refused = is, ""
}

// refuse tells the log, once for each thing that is wrong.
func (s *Security) refuse(what string, err error) {
	if s.refused == what {
		return
	}
	s.refused = what
	s.log.Warn("peer certificates: the new ones are not usable, the old ones stay in use",
		"error", err, "not_after", s.inUse.Load().notAfter)
}

func inFile(path string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", path, err)
}
