package engine

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/usherhq/usher/engine/chart"
	"github.com/usherhq/usher/raftfsm"
)

const (
	defaultGroups = 8
	maxGroups     = 64
	identityFile  = "engine.json"
)

// identity is what was fixed when the data folder was first used.
type identity struct {
	NodeIDs  []string `json:"node_ids"` // one a replica
	Groups   int      `json:"groups"`
	LogStore LogStore `json:"log_store"`
	// Member is of a node of a cluster; nil for one that is alone.
	Member *membership `json:"member,omitempty"`
}

// openNodes opens the replicas that live in this process.
func (e *Engine) openNodes(ctx context.Context) error {
	rm, err := raftfsm.NewMetrics(e.registered.registerer())
	if err != nil {
		return fmt.Errorf("usher: metrics: %w", err)
	}
	// The lock comes first: of two engines that make an identity at the same moment one
	// would end with the other's, and its log would be a stranger's.
	if e.lock, err = raftfsm.LockDir(e.cfg.Dir); err != nil {
		return err
	}
	if e.cfg.Cluster != nil {
		return e.openMember(ctx, rm)
	}
	id, err := loadIdentity(&e.cfg)
	if err != nil {
		return err
	}
	if id.Member != nil {
		return &InvalidError{"Cluster", fmt.Sprintf("%s belongs to node %q of a cluster: it cannot be opened alone", e.cfg.Dir, id.NodeIDs[0])}
	}
	listeners, addrs, err := listenReplicas(id.NodeIDs)
	if err != nil {
		return err
	}
	nodes := make([]*raftfsm.Node, len(id.NodeIDs))
	errs := make([]error, len(nodes))
	var wg sync.WaitGroup
	for i, nodeID := range id.NodeIDs {
		cfg := raftfsm.Config{
			Dir: e.cfg.Dir, NodeID: nodeID, Groups: id.Groups, LogStore: id.LogStore, Voters: id.NodeIDs,
			Resolve: func(n string) (string, error) { return addrs[n], nil },
			Changed: e.watchers.changed, MaxPending: e.cfg.MaxInFlight,
			Logger: e.cfg.Logger, Clock: e.cfg.Clock, Metrics: rm,
		}
		if len(nodes) > 1 {
			cfg.Dir = filepath.Join(e.cfg.Dir, nodeID)
			cfg.Listener = listeners[i]
		} else {
			cfg.Lock, e.lock = e.lock, nil
		}
		wg.Go(func() { nodes[i], errs[i] = openNode(cfg, len(nodes) > 1) })
	}
	wg.Wait()
	for _, n := range nodes {
		if n != nil {
			e.nodes = append(e.nodes, n)
		}
	}
	e.late = make([]atomic.Uint64, id.Groups+1)
	return errors.Join(errs...)
}

// openNode names the replica in an error, if there are several.
func openNode(cfg raftfsm.Config, several bool) (*raftfsm.Node, error) {
	n, err := raftfsm.OpenNode(cfg)
	if err != nil && several {
		err = fmt.Errorf("%s: %w", cfg.NodeID, err)
	}
	return n, err
}

// listenReplicas opens a loopback port for each of several replicas.
func listenReplicas(ids []string) ([]net.Listener, map[string]string, error) {
	if len(ids) == 1 {
		return nil, nil, nil
	}
	addrs := make(map[string]string)
	var all []net.Listener
	for _, id := range ids {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			for _, l := range all {
				err = errors.Join(err, l.Close())
			}
			return nil, nil, err
		}
		all = append(all, ln)
		addrs[id] = ln.Addr().String()
	}
	return all, addrs, nil
}

// loadIdentity reads the folder's identity and holds the configuration against it, or
// makes one. The folder is locked.
func loadIdentity(cfg *Config) (*identity, error) {
	path := filepath.Join(cfg.Dir, identityFile)
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		if hasData(cfg.Dir) {
			return nil, fmt.Errorf("%w: %s is missing, and there are logs beside it: under another identity they could not be continued", ErrDamaged, path)
		}
		return makeIdentity(cfg, path)
	}
	if err != nil {
		return nil, fmt.Errorf("usher: %w", err)
	}
	var id identity
	if err := json.Unmarshal(raw, &id); err != nil || !id.sound() {
		return nil, fmt.Errorf("%w: %s is no identity of a data folder: %v", ErrDamaged, path, err)
	}
	replicas := max(cfg.Replicas, 1)
	switch {
	case cfg.Replicas != 0 && replicas != len(id.NodeIDs):
		return nil, &InvalidError{"Replicas", fmt.Sprintf("%s was made with %d, %d were asked for", cfg.Dir, len(id.NodeIDs), replicas)}
	case cfg.Groups != 0 && cfg.Groups != id.Groups:
		return nil, &InvalidError{"Groups", fmt.Sprintf("%s was made with %d, %d were asked for", cfg.Dir, id.Groups, cfg.Groups)}
	case cfg.LogStore != "" && cfg.LogStore != id.LogStore:
		return nil, &InvalidError{"LogStore", fmt.Sprintf("%s was made with %q, %q was asked for", cfg.Dir, id.LogStore, cfg.LogStore)}
	}
	return &id, nil
}

// hasData tells whether a node has been at work in the folder. The identity is on disk
// before anything else is.
func hasData(dir string) bool {
	for _, name := range []string{"groups", replicaID(0)} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}

func replicaID(i int) string { return fmt.Sprintf("replica-%d", i) }

func (id *identity) sound() bool {
	for _, n := range id.NodeIDs {
		if !isNodeID(n) {
			return false
		}
	}
	return len(id.NodeIDs) > 0 && 1 <= id.Groups && id.Groups <= maxGroups && (id.LogStore == LogStoreWAL || id.LogStore == LogStoreBolt)
}

func isNodeID(n string) bool { return chart.IsID(n) && strings.Trim(n, ".") != "" }

// freshNodeID is a name that no node has had.
func freshNodeID() (string, error) {
	var b [6]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", err
	}
	return "node-" + hex.EncodeToString(b[:]), nil
}

func makeIdentity(cfg *Config, path string) (*identity, error) {
	id := &identity{Groups: cfg.Groups, LogStore: cfg.LogStore}
	if id.Groups == 0 {
		id.Groups = defaultGroups
	}
	if id.LogStore == "" {
		id.LogStore = LogStoreWAL
	}
	switch {
	case id.Groups < 1 || id.Groups > maxGroups:
		return nil, &InvalidError{"Groups", fmt.Sprintf("%d, possible are 1…64", id.Groups)}
	case id.LogStore != LogStoreWAL && id.LogStore != LogStoreBolt:
		return nil, &InvalidError{"LogStore", fmt.Sprintf("%q, possible are %q and %q", id.LogStore, LogStoreWAL, LogStoreBolt)}
	case cfg.Replicas != 0 && cfg.Replicas != 1 && cfg.Replicas != 3 && cfg.Replicas != 5:
		return nil, &InvalidError{"Replicas", fmt.Sprintf("%d, possible are 1, 3 and 5", cfg.Replicas)}
	}
	if cfg.Replicas > 1 {
		for i := range cfg.Replicas {
			id.NodeIDs = append(id.NodeIDs, replicaID(i))
		}
	} else {
		name, err := freshNodeID()
		if err != nil {
			return nil, err
		}
		id.NodeIDs = []string{name}
	}
	return id, saveIdentity(id, path)
}

// makeGroups makes the folders of all groups.
func makeGroups(dir string, groups int) error {
	for g := range groups + 1 {
		if err := os.MkdirAll(filepath.Join(dir, "groups", fmt.Sprintf("%02d", g)), 0o700); err != nil {
			return fmt.Errorf("usher: data folder: %w", err)
		}
	}
	return syncDir(filepath.Join(dir, "groups"))
}

// saveIdentity writes the file whole or not at all: without it the folder's logs would
// be those of a stranger.
func saveIdentity(id *identity, path string) error {
	raw, err := json.MarshalIndent(id, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("usher: data folder: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), identityFile+".*")
	if err != nil {
		return fmt.Errorf("usher: data folder: %w", err)
	}
	_, err = f.Write(append(raw, '\n'))
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
