// Package peer is what goes over the one port between nodes: the Raft traffic of all groups, and
// calls from node to node.
//
// A [Mux] is the port. Each connection begins with who calls whom (header.go), over TLS if there is
// any, and goes to the [Layer] of a group, which is the raft.StreamLayer of its Raft, or to the
// [Calls]. Who is not of the cluster, or means another node, is refused (identity.go); such a
// stranger's calls are answered where a handler is open to all.
//
// Calls share one connection a peer, many under way at a time. One that fails tells whether it can
// have been handled: [ErrNotSent] was not, of [ErrBroken] nobody knows. How the error of a handler
// travels is for the package's user to say, see [Errors].
//
// # Goroutines
//
// Each ends with what it belongs to, and is waited for:
//
//   - Of a Mux: one that accepts, and one for each connection in its handshake, at most 256 for at
//     most 5 s. Mux.Close ends them.
//   - Of the connection to a peer: one that writes, one that reads, one that watches for silence;
//     before there is one, one that dials. They end with the connection, at the latest by Calls.Close.
//   - Of the connection of a peer: one that reads, one that writes, and one for each call that is
//     handled. The reader waits for the others, and Calls.Close for the reader.
//   - One that takes the connections of peers, from Calls.Serve to Calls.Close.
//   - What was given to Calls.Go: Calls.Close waits for it, and ends Calls.Context.
//
// Connections that a Layer has accepted or dialed belong to its user: closing Mux or Layer leaves
// them be.
package peer
