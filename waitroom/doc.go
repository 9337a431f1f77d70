// Package waitroom is the queue before an event or a series: it takes a crowd, orders it,
// and admits it at the pace that is set, never one more.
//
// It is a deterministic state machine on the standard library alone, without goroutines,
// clock, random source or I/O: a command and a time go in, results come out, and equal
// commands make equal rooms on every replica.
package waitroom
