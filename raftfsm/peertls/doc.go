// Package peertls secures the one port between nodes: TLS 1.3 in both directions, each
// side with a certificate that the cluster's CA signed and that names its node. The files
// may be replaced while connections go on. It also has the small CA behind usher cert.
//
// What a certificate says of its holder is its node's id, and nothing about addresses:
// those may change, and a node is reached by whatever leads to it.
package peertls
