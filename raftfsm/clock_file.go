package raftfsm

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	timeFileName  = "time.json"
	timeFileEvery = time.Second

	// maxDowntime caps what a wall clock can add to logical time over a restart, since it may be
	// wrong by years. After a longer stop an operator steps the time.
	maxDowntime = 24 * time.Hour
)

// timeFile is what a node remembers of its time over a restart.
type timeFile struct {
	Logical  int64         `json:"logical"` // unix milliseconds of the group's time
	Index    uint64        `json:"index"`   // last entry applied then; it was durable before
	BootID   string        `json:"boot_id"`
	BootTime time.Duration `json:"boottime"` // nanoseconds since boot
	Wall     int64         `json:"wall"`     // unix milliseconds
	Sum      uint32        `json:"crc32c"`   // of the above
}

func (f timeFile) sum() uint32 {
	f.Sum = 0
	raw, err := json.Marshal(f)
	if err != nil {
		panic(err) // numbers and a string
	}
	return crc32.Checksum(raw, castagnoli)
}

// encode gives the file's bytes.
func (f timeFile) encode() ([]byte, error) {
	f.Sum = f.sum()
	raw, err := json.Marshal(f)
	return append(raw, '\n'), err
}

// readTimeFile reads path. A damaged file is ErrDamaged, a missing one os.ErrNotExist.
//
// Its Index is a lower bound of what this node's log or snapshot must reach: a folder whose log
// ends before it has lost acknowledged entries, which raft-wal does silently when a bit flips in
// a frame header of the last segment.
func readTimeFile(path string) (timeFile, error) {
	var f timeFile
	raw, err := os.ReadFile(path)
	if err != nil {
		return f, err
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		return timeFile{}, fmt.Errorf("%w: %s: %w", ErrDamaged, path, err)
	}
	if f.Sum != f.sum() {
		return timeFile{}, fmt.Errorf("%w: %s fails its checksum", ErrDamaged, path)
	}
	return f, nil
}

// loadTime gives the unix milliseconds at which to start a group's clock. lastApplied is the time
// of the last entry or snapshot known, 0 for none; the result is never before it. On the same
// boot the boot clock says how long this node was down; else the wall clock does, at least 0
// and at most 24 h. Without a usable file time stands at lastApplied, or starts at the wall
// clock if there is no log at all.
func loadTime(path string, c Clock, lastApplied int64) int64 {
	f, err := readTimeFile(path)
	switch {
	case err == nil:
		return max(lastApplied, f.Logical+f.downtime(c).Milliseconds())
	case lastApplied == 0:
		return c.Wall().UnixMilli()
	default:
		return lastApplied
	}
}

func (f timeFile) downtime(c Clock) time.Duration {
	bootID, since := c.Boot()
	if bootID != "" && bootID == f.BootID {
		return max(0, since-f.BootTime)
	}
	ms := c.Wall().UnixMilli() - f.Wall
	return time.Duration(max(0, min(ms, maxDowntime.Milliseconds()))) * time.Millisecond
}

// timeKeeper writes a group's time beside its log about once a second.
//
// The file is not fsynced each time: a power loss that brings back an older one loses nothing,
// since the older pair of logical and wall time gives the same difference, and one that tears it
// is found by its checksum. Its Index may then be older too; it stays a lower bound.
type timeKeeper struct {
	path    string
	clock   Clock
	logical *logicalClock
	applied func() uint64
	onErr   func(error)

	stop chan struct{}
	done chan struct{}
	once sync.Once
	err  error // of the last write, read after done
}

// newTimeKeeper starts the goroutine that writes path; Close ends it. applied gives the index of
// the last entry applied. onErr (may be nil) hears of failed writes, from that goroutine.
func newTimeKeeper(path string, c Clock, l *logicalClock, applied func() uint64, onErr func(error)) *timeKeeper {
	k := &timeKeeper{
		path: path, clock: c, logical: l, applied: applied, onErr: onErr,
		stop: make(chan struct{}), done: make(chan struct{}),
	}
	go k.run()
	return k
}

// Close writes a last time, durably, and ends the goroutine.
func (k *timeKeeper) Close() error {
	k.once.Do(func() { close(k.stop) })
	<-k.done
	return k.err
}

func (k *timeKeeper) run() {
	defer close(k.done)
	tick := time.NewTicker(timeFileEvery)
	defer tick.Stop()
	for {
		select {
		case <-k.stop:
			k.err = k.write(true)
			return
		case <-tick.C:
			if err := k.write(false); err != nil && k.onErr != nil {
				k.onErr(err)
			}
		}
	}
}

func (k *timeKeeper) write(durable bool) error {
	bootID, since := k.clock.Boot()
	f := timeFile{
		Index: k.applied(), Logical: k.logical.now(), // the index first: it only grows
		BootID: bootID, BootTime: since, Wall: k.clock.Wall().UnixMilli(),
	}
	raw, err := f.encode()
	if err != nil {
		return err
	}
	return replaceFile(k.path, raw, durable)
}

// replaceFile writes data under a temporary name and renames it over path.
func replaceFile(path string, data []byte, durable bool) error {
	tmp, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if err == nil && durable {
		err = tmp.Sync()
	}
	if err := errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), path); err != nil || !durable {
		return err
	}
	return syncDir(filepath.Dir(path))
}
