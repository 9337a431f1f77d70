// Package proptest is where Usher is put to the proof. It imports what it likes, and
// nothing imports it.
//
// # Levels
//
// L0, the pure core. [Model] is what the events of a group should be: lists and maps,
// written from the contract, every question answered by looking at everything. A [Run]
// has a [Subject] (the real state machine) and the model side by side, gives both the
// same random commands at the same times, and compares after each what was told and all
// that can be read: seats, counts, versions, packed maps, what changed since any
// version, holds, bookings, reasons, when something is due; and the state's own Check. Now and then
// all since a backup is lost: what it has goes on, and no token may come twice.
//
//	TestShardAgainstModel        rapid, which shrinks what fails
//	TestShardFromSeeds           longer runs from seeds
//	FuzzShard                    the same, steered by coverage
//
// [ModelRoom] is likewise what a waiting room should be: a list of tickets, lanes served one admission at
// a time, a minute as a list of times, and a draw of its own. A [RoomRun] has real rooms, a twin that
// crashes at other times, and the model; somebody without a model watches that nobody is let in
// before their turn, nor too many.
//
//	TestRoomsAgainstModel, TestRoomsFromSeeds, FuzzRooms
//	TestRoomsDrawnInSmallPieces   a draw of many steps, with commands and crashes in between
//
// [Groups] is two or three of these, each with a clock of its own, and reservations over
// all of them: a coordinator that may die between any two steps, commands that come twice,
// late or never, holders that extend, pay and cancel, and a driver that brings to an end
// what is left. After each step no group may know more than the one that decides, and no
// half of a stay may stand; in the end all parts stand alike, and nothing is stuck.
//
//	TestGroupsAgainstModel, TestGroupsFromSeeds, FuzzGroups
//
//	TestTinyWorldEverySequence   2 seats, 3 buyers: every sequence of 4 moves
//	TestTinyWorldEveryState      the same from every distinct situation, 8 moves deep
//	TestGeneratorsReachEverything  what chance must bring about, or it proves nothing
//
// L1, simulation. [Replicas] is a leader and its followers in one goroutine: one log,
// random batches, snapshots written while commands run, crashes, replays from old
// snapshots, snapshots sent to others. Digests are compared at every index, bytes at the
// end. A seed replays a run.
//
//	TestReplicas
//
// L2, a real cluster in virtual time, is not here yet.
//
// L3, real processes. The binary of one node under load is killed, started and asked for
// all that it had acknowledged.
//
//	TestKill
//
// Clusters of them, on loopback addresses, under clients that call every node and may try
// a second time at another one, with the same idempotency key. Each call is in a history
// with when it began and ended, and what was told: done, refused, not applied, unknown. At
// the end porcupine finds an order for each seat in which one seat would have given these
// answers (what is of unknown outcome is left open; a refusal that names the seat is a
// read of it), every node is asked for every hold and booking, all show the same seats,
// `usher check` reads each folder, and all folders are compared at an entry that all have.
//
//	TestClusterLeaderKilled      SIGKILL of the hot event's leader, again and again
//	TestClusterLeaderPaused      SIGSTOP, and writes that wait for it to wake
//	TestClusterOneWay            one direction is cut, then the other; proxies between the nodes
//	TestClusterRollingRestart    SIGTERM one by one: no client is left without an answer
//	TestClusterGrowsAndShrinks   a fourth and a fifth node come, the first goes, likewise
//	TestClusterLaggingFollowerGetsSnapshot
//	TestClusterWipedNode         refused under its old id, welcome under a new one
//	TestSeatModelNoticesEveryMutant, TestUnansweredTriesStayOpen   the checker itself
//
// Stays of several nights, each night's event in another group: the groups' leaders are killed
// in turn, nodes speak TLS and their certificates change, backups are made all the while. As
// groups hear of a decision one after the other there is no order to find for a seat; a census is
// taken instead when nothing is pending any more. Every seat that is not free has one owner, who
// asked for it and has all its nights, on every node and in the last backup.
//
//	TestClusterStaysSurviveLeaders
//	TestCensusNoticesEveryMutant   the census itself
//
// A lobby of 2,000, whose group's leader is killed while they wait, at the draw, and while people are
// let in. Who was told of a place keeps it, who was let in were the first of their lanes, and the
// draw is made again from what is published.
//
//	TestClusterLobbySurvivesLeaders
//
// Faults of disks and clocks are not here yet.
//
// L4, fuzzing what comes from outside, stands with each decoder, in its own package;
// `.ci/run fuzz` finds them all.
//
// # The playbook
//
// Four stories of how high-demand sellers work, told to a real engine with the real
// stadium (or a hotel of 120 rooms): each says who comes, what they ask for, what the
// router makes of it and why, and ends by holding the engine's map against books of its
// own. The story's clock stands still unless it is moved, so nothing hangs on the
// machine's speed.
//
//	TestPlaybookBroadway    eight shows a week, other seats welcome: skip_locked
//	TestPlaybookHotel       stays of many nights over several groups: optimistic, with heat
//	TestPlaybookResidency   three nights or none, contested: leases, renewals, late holders
//	TestPlaybookFlashSale   a flood behind a waiting room: queue, all seats sold once
//
// # The mutation gate
//
// A harness that notices nothing proves nothing. TestModelNoticesEveryMutant,
// TestReplicasNoticeEveryMutant and TestGroupsNoticeEveryMutant plant bugs (a grant that
// is lost, a sweep skipped on one replica, idempotency keys that do not survive a
// restore, expiry a millisecond late, guests that are told what the home never said, …)
// and fail unless each is noticed. TestSourceMutantsAreNoticed plants them in shard's
// source, TestRoomMutantsAreNoticed in waitroom's; each builds one of them, another each time.
//
// # Running for longer
//
//	go test ./proptest -run ShardAgainstModel -rapid.checks=100000 [-rapid.steps=60]
//	go test ./proptest -run GroupsAgainstModel -rapid.checks=100000
//	go test ./proptest -run ShardAgainstModel -rapid.seed=N     what rapid printed
//	USHER_PROPTEST_SEEDS=5000 go test ./proptest -run 'Replicas|FromSeeds'
//	USHER_PROPTEST_SEED=N go test ./proptest -run TestReplicas  what a failure printed
//	USHER_PROPTEST_MUTANTS=99 go test ./proptest -run 'SourceMutants|RoomMutants'
//	go test ./proptest -run RoomsAgainstModel -rapid.checks=100000
//	USHER_PROPTEST_KILLS=20 go test ./proptest -v -run ClusterLeaderKilled   kills; the log has the times
//	USHER_PROPTEST_KILLS=20 go test ./proptest -v -run ClusterStays          likewise
//	USHER_PROPTEST_RACE=1 GORACE=halt_on_error=1 go test ./proptest -race -run Cluster   nodes with the race detector
//	USHER_PROPTEST_PAUSE=10 go test ./proptest -v -run ClusterLeaderPaused   seconds
//	USHER_PROPTEST_CUT=20 go test ./proptest -v -run ClusterOneWay           seconds for each direction
//	USHER_PROPTEST_ROLLS=5 go test ./proptest -v -run ClusterRolling         times around
//	USHER_PROPTEST_ENTRIES=20000 go test ./proptest -v -run ClusterLagging   entries that are missed
//	USHER_PROPTEST_KEEP=/tmp/nodes go test ./proptest -run Cluster           data and logs stay there
//	USHER_PROPTEST_DEPTH=6 USHER_PROPTEST_MERGED_DEPTH=20 go test ./proptest -run Tiny
//	go test ./proptest -run XXX -fuzz FuzzShard -fuzzminimizetime 1x
//
// At depth 16 the merged search of the tiny world has no situation left to go on from:
// 25,496 of them, 603,394 moves, half a minute. Every sequence of 6 moves is 3.3 million.
//
// Go's fuzzer minimizes every new input for up to a minute, which with inputs of several
// kilobytes is all that it does: hence -fuzzminimizetime.
package proptest
