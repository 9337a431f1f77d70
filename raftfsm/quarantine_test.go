package raftfsm

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestQuarantinedFolderIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := refuseQuarantined(dir); err != nil {
		t.Fatalf("a folder without the mark: %v", err)
	}
	q := quarantine{NodeID: "n1", Group: 3, Index: 42, Digest: 0xa, Majority: 0xb, Time: time.Unix(1e9, 0).UTC()}
	if err := writeQuarantine(dir, q); err != nil {
		t.Fatal(err)
	}
	err := refuseQuarantined(dir)
	if !errors.Is(err, ErrDiverged) {
		t.Fatalf("%v", err)
	}
	for _, part := range []string{dir, "entry 42 of group 3", `node "n1"`, "000000000000000a", "000000000000000b", "remove the node", "new id"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in %q", part, err)
		}
	}
	for _, torn := range []string{"", "{", `{"digest":"x"}`} { // a mark is a mark
		if err := os.WriteFile(filepath.Join(dir, quarantineFile), []byte(torn), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := refuseQuarantined(dir); !errors.Is(err, ErrDiverged) {
			t.Errorf("%q: %v", torn, err)
		}
	}
}

// TestCheckTellsOfQuarantine: who looks at the folder is told as well.
func TestCheckTellsOfQuarantine(t *testing.T) {
	c := newTestCluster(t, 1, 1, LogStoreWAL)
	dir := c.cfgs[0].Dir
	c.close(0)
	rep, err := Inspect(t.Context(), dir)
	if err != nil || len(rep.Problems) != 0 {
		t.Fatal(err, rep.Problems)
	}
	if err := writeQuarantine(dir, quarantine{NodeID: "node-0", Group: 1, Index: 2}); err != nil {
		t.Fatal(err)
	}
	if rep, err = Inspect(t.Context(), dir); err != nil || len(rep.Problems) != 1 || !strings.Contains(rep.Problems[0], quarantineFile) {
		t.Error(err, rep.Problems)
	}
}
