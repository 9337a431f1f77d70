package main

import (
	"slices"
	"strconv"
	"strings"
)

// checkCluster wants nodes to be of one cluster: ids of their own, the same list of
// addresses, in which each finds itself, and names that lead somewhere.
func checkCluster(l *findings, where string, nodes []call, hosts []string) {
	if len(nodes) == 0 {
		l.add(where, "no node of a cluster")
		return
	}
	l.nodes += len(nodes)
	join := nodes[0].value("join")
	addrs := strings.Split(join, ",")
	if len(addrs) != len(nodes) {
		l.add(where, "--join has %d addresses for %d nodes", len(addrs), len(nodes))
	}
	for _, addr := range addrs {
		if !slices.Contains(hosts, hostOf(addr)) {
			l.add(where, "--join: %s is none of %v", addr, hosts)
		}
	}
	seen := map[string]string{}
	for i := range nodes {
		n := &nodes[i]
		checkMember(l, n, join, len(nodes))
		for _, own := range []string{"node-id", "raft-advertise", "peer-cert", "peer-key"} {
			v := n.value(own)
			if v == "" {
				l.add(n.where, "no --%s", own)
			} else if other, twice := seen[own+v]; twice {
				l.add(n.where, "--%s %s is that of %s too", own, v, other)
			}
			seen[own+v] = n.where
		}
	}
}

func checkMember(l *findings, n *call, join string, size int) {
	if n.value("join") != join {
		l.add(n.where, "--join %s differs from the others' %s", n.value("join"), join)
	}
	advertised := n.value("raft-advertise")
	if !slices.Contains(strings.Split(join, ","), advertised) {
		l.add(n.where, "--raft-advertise %s is not in --join %s", advertised, join)
	}
	if portOf(advertised) != portOf(n.value("raft-listen")) {
		l.add(n.where, "--raft-advertise %s has another port than --raft-listen %s", advertised, n.value("raft-listen"))
	}
	if n.value("bootstrap-expect") != strconv.Itoa(size) {
		l.add(n.where, "--bootstrap-expect %s for %d nodes", n.value("bootstrap-expect"), size)
	}
	if n.value("peer-ca") == "" {
		l.add(n.where, "no --peer-ca")
	}
}
