package raftfsm

import (
	"errors"
	"slices"
	"testing"
)

// roster is a directory with a cluster of three founders.
func roster(t *testing.T) (*directoryMachine, func(Command) error) {
	t.Helper()
	m := &directoryMachine{newDirectory(4)}
	do := func(c Command) error {
		var out Result
		if !m.apply(m.advance(m.now()+1000), &c, &out) {
			t.Fatalf("the directory does not know command %d", c.Op)
		}
		if err := m.check(); err != nil {
			t.Fatalf("after command %d: %v", c.Op, err)
		}
		return out.Err
	}
	if err := do(Command{Op: OpFound, Found: &Found{Cluster: ID128{1}, Voters: 3, Members: []Member{
		{NodeID: "n1", Incarnation: ID128{1}, Version: 2}, {NodeID: "n2", Incarnation: ID128{2}, Version: 2}, {NodeID: "n3", Incarnation: ID128{3}, Version: 2},
	}}}); err != nil {
		t.Fatal(err)
	}
	return m, do
}

func put(id string, incarnation byte, version uint32) Command {
	return Command{Op: OpPutMember, Member: &PutMember{Member{NodeID: id, Incarnation: ID128{incarnation}, Addr: "h:1", Version: version}}}
}

func set(id string, s MemberState) Command {
	return Command{Op: OpSetMember, SetState: &SetMember{NodeID: id, State: s}}
}

func TestMembersComeOnce(t *testing.T) {
	m, do := roster(t)
	if err := do(Command{Op: OpFound, Found: &Found{Cluster: ID128{9}, Voters: 3, Members: []Member{{NodeID: "x"}}}}); !errors.Is(err, ErrConflict) {
		t.Errorf("a second cluster is founded: %v", err)
	}
	if err := do(put("n4", 4, 2)); err != nil {
		t.Fatal(err)
	}
	if err := do(put("n4", 5, 2)); !errors.Is(err, ErrNodeWiped) {
		t.Errorf("a wiped node comes back under its id: %v", err)
	}
	if err := do(put("n4", 4, 3)); err != nil || m.dir.Member("n4").Version != 3 {
		t.Errorf("a node that was upgraded: %v, %+v", err, m.dir.Member("n4"))
	}
	if err := do(set("n4", MemberRemoved)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []Command{put("n4", 4, 2), put("n4", 6, 2), set("n4", MemberActive)} {
		if err := do(c); !errors.Is(err, ErrNodeRemoved) {
			t.Errorf("a removed node comes back: %v", err)
		}
	}
	if err := do(set("n9", MemberDraining)); !errors.Is(err, ErrUnknownNode) {
		t.Errorf("a node that never was: %v", err)
	}
}

func TestVotersAreMembers(t *testing.T) {
	m, do := roster(t)
	was := m.dir.Voters(2)
	place := func(voters, was []string) error {
		return do(Command{Op: OpPlaceVoters, Voters: &PlaceVoters{Group: 2, Voters: voters, Was: was}})
	}
	if err := place([]string{"n1", "n4"}, was); !errors.Is(err, ErrUnknownNode) {
		t.Errorf("a stranger votes: %v", err)
	}
	if err := place([]string{"n1", "n1"}, was); !errors.Is(err, ErrUnknownNode) {
		t.Errorf("a node votes twice: %v", err)
	}
	if err := place([]string{"n1", "n2"}, []string{"n1"}); !errors.Is(err, ErrConflict) {
		t.Errorf("a plan made from what is no longer so: %v", err)
	}
	if err := place([]string{"n2", "n1"}, was); err != nil || !slices.Equal(m.dir.Voters(2), []string{"n2", "n1"}) {
		t.Errorf("%v, %v", err, m.dir.Voters(2))
	}
	if err := do(set("n2", MemberRemoved)); err != nil {
		t.Fatal(err)
	}
	for g := range 5 {
		if slices.Contains(m.dir.Voters(g), "n2") {
			t.Errorf("a removed node votes in group %d: %v", g, m.dir.Voters(g))
		}
	}
	if err := do(Command{Op: OpPutMember, Member: &PutMember{Member{NodeID: "r", ReadReplica: true}}}); err != nil {
		t.Fatal(err)
	}
	if err := place([]string{"n1", "r"}, []string{"n1"}); !errors.Is(err, ErrUnknownNode) {
		t.Errorf("a read replica votes: %v", err)
	}
}

func TestVersionWaitsForTheLastNode(t *testing.T) {
	m, do := roster(t)
	raise := Command{Op: OpRaiseVersion, Version: RaiseVersion{3}}
	for _, id := range []string{"n1", "n2"} {
		if err := do(put(id, id[1]-'0', 3)); err != nil {
			t.Fatal(err)
		}
	}
	if err := do(raise); !errors.Is(err, ErrConflict) || m.dir.ClusterVersion() != 0 {
		t.Errorf("the version is raised while a node cannot read it: %v, %d", err, m.dir.ClusterVersion())
	}
	if err := do(set("n3", MemberRemoved)); err != nil {
		t.Fatal(err)
	}
	if err := do(raise); err != nil || m.dir.ClusterVersion() != 3 {
		t.Errorf("%v, %d", err, m.dir.ClusterVersion())
	}
	if err := do(Command{Op: OpRaiseVersion, Version: RaiseVersion{2}}); err != nil || m.dir.ClusterVersion() != 3 {
		t.Errorf("the version fell: %v, %d", err, m.dir.ClusterVersion())
	}
}

// TestForgetCluster: a restored directory is of no cluster, and can be of a new one.
func TestForgetCluster(t *testing.T) {
	m, do := roster(t)
	m.dir.forgetCluster()
	if err := m.check(); err != nil || !m.dir.Cluster().IsZero() || len(m.dir.Members()) != 0 || m.dir.Voters(1) != nil {
		t.Errorf("%v, %v", err, m.dir.Members())
	}
	if err := do(Command{Op: OpFound, Found: &Found{Cluster: ID128{7}, Voters: 1, Members: []Member{{NodeID: "z"}}}}); err != nil || m.dir.Cluster() != (ID128{7}) {
		t.Error(err)
	}
}
