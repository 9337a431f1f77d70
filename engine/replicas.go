package engine

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"

	"github.com/usherhq/usher/raftfsm"
)

const (
	defaultGroups = 8
	identityFile  = "engine.json"
)

// identity is what was fixed when the data folder was first used.
type identity struct {
	NodeIDs  []string `json:"node_ids"` // one a replica
	Groups   int      `json:"groups"`
	LogStore LogStore `json:"log_store"`
}

// openNodes opens the replicas that live in this process.
func (e *Engine) openNodes() error {
	id, err := loadIdentity(&e.cfg)
	if err != nil {
		return err
	}
	rm, err := raftfsm.NewMetrics(e.cfg.Registerer)
	if err != nil {
		return fmt.Errorf("usher: metrics: %w", err)
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
		}
		wg.Go(func() { nodes[i], errs[i] = raftfsm.OpenNode(cfg) })
	}
	wg.Wait()
	for _, n := range nodes {
		if n != nil {
			e.nodes = append(e.nodes, n)
		}
	}
	return errors.Join(errs...)
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
// makes one. The folder's lock is each node's own: two engines that make an identity at
// the same moment end with one of them refused.
func loadIdentity(cfg *Config) (*identity, error) {
	path := filepath.Join(cfg.Dir, identityFile)
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return makeIdentity(cfg, path)
	}
	if err != nil {
		return nil, fmt.Errorf("usher: %w", err)
	}
	var id identity
	if err := json.Unmarshal(raw, &id); err != nil || len(id.NodeIDs) == 0 {
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

func makeIdentity(cfg *Config, path string) (*identity, error) {
	id := &identity{Groups: cfg.Groups, LogStore: cfg.LogStore}
	if id.Groups == 0 {
		id.Groups = defaultGroups
	}
	if id.LogStore == "" {
		id.LogStore = LogStoreWAL
	}
	switch {
	case id.Groups < 1 || id.Groups > 64:
		return nil, &InvalidError{"Groups", fmt.Sprintf("%d, possible are 1…64", id.Groups)}
	case id.LogStore != LogStoreWAL && id.LogStore != LogStoreBolt:
		return nil, &InvalidError{"LogStore", fmt.Sprintf("%q, possible are %q and %q", id.LogStore, LogStoreWAL, LogStoreBolt)}
	case cfg.Replicas != 0 && cfg.Replicas != 1 && cfg.Replicas != 3 && cfg.Replicas != 5:
		return nil, &InvalidError{"Replicas", fmt.Sprintf("%d, possible are 1, 3 and 5", cfg.Replicas)}
	}
	if cfg.Replicas > 1 {
		for i := range cfg.Replicas {
			id.NodeIDs = append(id.NodeIDs, fmt.Sprintf("replica-%d", i))
		}
	} else {
		var b [6]byte
		if _, err := rand.Read(b[:]); err != nil {
			return nil, err
		}
		id.NodeIDs = []string{"node-" + hex.EncodeToString(b[:])}
	}
	return id, saveIdentity(id, path)
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
