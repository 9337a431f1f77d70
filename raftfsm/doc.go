// Package raftfsm is everything in Usher that touches hashicorp/raft: entries and the
// state machine they drive, groups and their stores, the proposer, snapshots and backups,
// the directory group, and the nodes of a cluster.
//
// # Flow of a command
//
//	Node.Propose → Group.Propose, here or, in one hop, at the node that leads (forward.go)
//	  → proposer: many callers, one entry → raft.Apply → log store (fsync)
//	  → replicated → committed → fsm.ApplyBatch → shard.State, waitroom.Rooms → each caller its result
//
// A claim that is already lost may be answered before all that, by its caller's own
// goroutine (door.go) or by the proposer.
//
// A shard group's machine is the seats of its events and the waiting rooms before them, with
// one log for both (machine_shard.go, machine_room.go): whether an admission is good is decided
// where its claim is.
//
// A [Node] is one replica of every group: group 0 is the directory (charts, and which
// group an event lives in), groups 1…n are shard groups. Nodes of one process or of
// several talk over one port, see package peer. Those of a cluster find each other in
// assemble.go; who they are and who votes where stands in the directory (member.go), is
// planned by the one that leads it (planner.go, package placement), and comes about step by
// step where each group is led (reconcile.go).
//
// What is refused from memory, and why that is as good as asking the log, is told at
// evidence.go. What a failure means for a write is told by [OutcomeOf].
package raftfsm
