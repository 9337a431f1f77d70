// Package engine is Usher for people who embed it: open a node, create events on
// charts, hold, book and release seats, and watch what changes.
//
// A seat is sold by an entry of a replicated log, so what a method returns has been
// decided, fsynced and (with several replicas) agreed on before it returns. Methods
// are safe for use by many goroutines; they block until the outcome is known or the
// context ends. An error of a write says what became of it: see [OutcomeOf].
//
// [Config.Cluster] makes an engine one node of a cluster: any of them takes any call.
// How new a read has to be a context says, see [WithConsistency].
//
// An event with [EventSpec.WaitingRoom] sells to who was admitted: [Engine.Join] gives a
// place, [Engine.QueuePlace] tells where it stands and, once admitted, the token that
// claims show. The room is in the log of the event's group: places, the draw and
// admissions are the same at every node and survive restarts. Events of a series share
// one room.
//
// Start with [Open], [Engine.CreateEvent], [Engine.Hold], [Engine.Book] and
// [Engine.Watch]; the examples run.
package engine
