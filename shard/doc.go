// Package shard is the pure heart of Usher: the seats, areas, holds, bookings and bundles
// of the events of one group, their rules, and the search for seats, as a deterministic
// state machine.
//
// A command and a time go in; a result and the changes come out. There is no clock,
// goroutine, random source, logger or I/O here, and nothing depends on the order of a
// map: replicas that are fed the same commands at the same times are equal to the
// byte, and [State.Digest] says so.
//
// # Shape
//
// A [State] has charts and events. An [Event] has its seats in pages of 256 (status in
// two bits, number of the last hold that was granted it, version), its holds in pages
// of 64 addressed by hold number, its bookings and its idempotency table likewise. Bundles
// tie holds of several events together and are the group's, in pages of 64 as well. A
// [Plan] is a chart's geometry: it never changes, and all events of the chart share it.
// Pages carry the generation they were last written in; [State.Freeze] raises the
// generation and hands out the pages as they are, and whoever writes to a page of an
// older generation copies it first. So a snapshot costs one slice of pointers, and a
// claim never pays for more than the pages it touches.
//
// # Invariants
//
// Checked whole by [State.Check]:
//
//	available + held + booked + blocked == seats
//	a seat is held  ⇔ the hold its owner names is held and lists it
//	a seat is booked ⇔ exactly one booking that is not cancelled lists it
//	seat.version ≤ event.version, and no two seats share one (0 apart)
//	a hold's number, and so its fencing token, is above that of every earlier grant
//	of an area held + booked ≤ capacity, and are what holds and bookings list
//	a seat of a channel is never available
//	a limited holder is counted with what its holds and bookings have
//	a bundle and its holds here name each other and stand alike
//	digest == digest recomputed from scratch
//
// # Concurrency
//
// One goroutine writes. Methods that take a *State or *Event and are documented as
// reads may run together with each other, not with a write: the owner holds the lock.
package shard
