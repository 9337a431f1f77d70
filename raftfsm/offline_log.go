package raftfsm

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/cespare/xxhash/v2"
	"github.com/hashicorp/raft"
)

// entryMark tells entries at one index apart. Two logs with the same term there are the
// same up to it, or Raft's log matching has been broken. The entry's own CRC would not
// do for the sum: a CRC over data that ends in its own CRC depends only on the length.
type entryMark struct {
	term uint64
	kind raft.LogType
	sum  uint64
}

// openLog opens the group's stores for reading; none at all is a problem.
func (g *offlineGroup) openLog() {
	g.report.LogStore = LogStoreWAL
	if ok, _ := exists(filepath.Join(g.dir, boltLogName)); ok {
		g.report.LogStore = LogStoreBolt
	}
	err := checked(func() (err error) {
		g.stores, err = openStores(g.dir, g.report.LogStore, 0, true)
		return err
	})
	if err != nil {
		g.problem("%v", err)
		return
	}
	// Never Started: a bad entry stays an error of GetLog.
	g.log = newVerifiedLog(g.stores.Log, CheckEntry, nil)
	g.readStable()
}

// readStable reads term and vote: a damaged one could vote twice.
func (g *offlineGroup) readStable() {
	if g.stores.Stable == nil {
		return
	}
	for _, key := range []string{"CurrentTerm", "LastVoteTerm"} {
		n, err := g.stores.Stable.GetUint64([]byte(key))
		if err != nil && err.Error() != errStableMiss.Error() {
			g.problem("stable store: %s: %v", key, err)
		} else if key == "CurrentTerm" {
			g.report.Term = n
		}
	}
	if _, err := g.stores.Stable.Get([]byte("LastVoteCand")); err != nil && err.Error() != errStableMiss.Error() {
		g.problem("stable store: LastVoteCand: %v", err)
	}
}

// scan reads the whole log and verifies each entry; it stops at the first that is
// damaged, since nothing behind it can be applied. The error is ctx's.
func (g *offlineGroup) scan(ctx context.Context) error {
	if len(g.snaps) > 0 {
		g.report.Last = g.snaps[0].Index
		g.config = g.snaps[0].Configuration
	}
	if g.log == nil {
		return nil
	}
	first, err1 := g.log.FirstIndex()
	last, err2 := g.log.LastIndex()
	if err := errors.Join(err1, err2); err != nil {
		g.problem("%v", err)
		return nil
	}
	if last == 0 {
		return nil
	}
	g.first, g.report.First = first, first
	for i := first; i <= last; i++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		var l raft.Log
		if err := g.log.read(i, &l); err != nil {
			if errors.Is(err, raft.ErrLogNotFound) && i <= g.report.Last && !g.log.IsMonotonic() {
				g.marks = append(g.marks, entryMark{}) // a gap that a snapshot covers
				continue
			}
			g.problem("entry %d (the log has %d to %d): %v", i, first, last, err)
			break
		}
		g.note(&l)
	}
	g.report.Last = max(g.report.Last, first+uint64(len(g.marks))-1)
	return nil
}

// note keeps what is needed of an entry that was read.
func (g *offlineGroup) note(l *raft.Log) {
	if n := len(g.marks); n > 0 && l.Term < g.marks[n-1].term {
		g.problem("entry %d is of term %d, after one of term %d", l.Index, l.Term, g.marks[n-1].term)
	}
	g.marks = append(g.marks, entryMark{l.Term, l.Type, xxhash.Sum64(l.Data)})
	g.report.Entries++
	if l.Type == raft.LogConfiguration {
		_ = checked(func() error { // a panic is raft's way to say that it cannot decode
			g.config = raft.DecodeConfiguration(l.Data)
			return nil
		})
	}
}

// mark of the entry at index, if the log has it.
func (g *offlineGroup) mark(index uint64) (entryMark, bool) {
	if g.first == 0 || index < g.first || index >= g.first+uint64(len(g.marks)) {
		return entryMark{}, false
	}
	m := g.marks[index-g.first]
	return m, m.term != 0
}

// checkEnds compares the log's end with what else the folder remembers of it.
func (g *offlineGroup) checkEnds() {
	if len(g.snaps) > 0 {
		g.report.Known = g.snaps[0].Index
	}
	tf, err := readTimeFile(filepath.Join(g.dir, timeFileName))
	switch {
	case err == nil:
		g.report.Known = max(g.report.Known, tf.Index)
		if tf.Index > g.report.Last {
			g.problem("log and snapshots end at entry %d, entry %d had been applied: acknowledged entries are lost", g.report.Last, tf.Index)
		}
	case !errors.Is(err, os.ErrNotExist):
		g.problem("%v", err)
	}
	if n := len(g.marks); n > 0 && g.marks[n-1].term > g.report.Term {
		g.problem("the log ends in term %d, the stable store is at term %d: term and vote are lost", g.marks[n-1].term, g.report.Term)
	}
}
