// Package waitroom is the queue before an event or a series: it takes a crowd, orders it,
// and admits it at the pace that is set, never one more.
//
// It is a deterministic state machine on the standard library and package frame, without goroutines,
// clock, random source or I/O: a command and a time go in, results come out, and equal
// commands make equal rooms on every replica. What is left of the seats it asks the [Inventory]
// beside it, which is replicated by the same log.
//
// A [Room] has tickets, numbered as people came, 28 bytes each in pages (ticket.go), and one line
// of places for each lane (line.go). Places are given once: a bit says whether who has one still
// waits, so that a position is a count of bits, in O(log n), and exact whoever leaves. Which lane
// is next is a matter of a few counters (lane.go, pick.go), how many may come in of two bounds of
// time and one of space (pace.go, admit.go). Who was admitted has a record with a deadline
// (active.go, session.go). An entrant's newest ticket is found by its hash (index.go). With all
// indexes a ticket takes about 43 bytes.
//
// Only head, tickets, schedules and admissions are state: they are in snapshots and digests. All
// else follows from them (settle.go), and Check counts all of it anew.
//
// Start reading with room.go, then join.go, draw.go, admit.go.
package waitroom
