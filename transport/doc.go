// Package transport is Usher's edge: the HTTP calls under /v1, the live websocket, the
// web page, and the operations listener. It knows package engine and never the log
// beneath it.
//
// The files follow the outside. Resources: charts, events, seats, blocks, heat,
// reservations, bookings; of waiting rooms queue, room, draw, admissions. A claim is read in wanted, made in reserve, and refused in
// refusal. What they share: decode and values (strict JSON), request (headers, queries,
// bodies), problem (every error's status and code in one table), routes and middleware.
// Live:
//
//	live      the hubs and connections there are, and their end
//	hub       one goroutine an event: reads a change once, tells everybody
//	conn      one websocket: a reader, a writer and a queue bounded in bytes between
//	frame     the bytes of both subprotocols
//	focus     what a client says it looks at
//	heatfeed  how contested the seats are, once a second: the first to give way
//	linehub   one goroutine a waiting room: looks at it, tells each follower of a ticket as
//	          often as its place asks for (linefollow), and a lobby together (linefacts)
//
// All subscribers of a hub are at the hub's version, always: that is what lets one
// prepared frame serve them all, and what makes a gap impossible.
//
// A [Server] owns every goroutine it starts and ends them in Serve or Close.
package transport
