package proptest_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// cluster is several real processes on loopback addresses, of one cluster.
type cluster struct {
	t      *testing.T
	client *http.Client
	folder string
	shards int    // groups of events
	wires  *wires // between the nodes; nil: they speak to each other directly
	certs  *certs // of the nodes; nil: no TLS between them
	nodes  []*clusterNode
	join   string
}

// clusterGroups are few, so that the machine is not busy with heartbeats.
const clusterGroups = 2

// patience is what a loaded machine may take for what takes a second or two.
const patience = time.Minute

// newCluster founds a cluster of three.
func newCluster(t *testing.T, w *wires) *cluster {
	c := &cluster{t: t, shards: clusterGroups, wires: w}
	c.found()
	return c
}

// found starts the first three nodes, and waits until they are ready.
func (c *cluster) found() {
	t := c.t
	c.client, c.folder = newKillAPI().client, clusterFolder(t)
	c.client.Transport.(*http.Transport).MaxIdleConnsPerHost = 2 * clusterClients
	t.Cleanup(c.end)
	for i := range 3 {
		c.nodes = append(c.nodes, c.place(fmt.Sprintf("n%d", i+1)))
	}
	var join []string
	for _, n := range c.nodes {
		join = append(join, n.addr)
	}
	c.join = strings.Join(join, ",")
	for _, n := range c.nodes {
		n.flags = []string{"--join", c.join, "--bootstrap-expect", "3", "--groups", strconv.Itoa(c.shards)}
		n.start(t)
	}
	c.waitReady(c.nodes...)
}

// clusterFolder has the nodes' data and logs: one of USHER_PROPTEST_KEEP if that is set.
func clusterFolder(t *testing.T) string {
	keep := os.Getenv("USHER_PROPTEST_KEEP")
	if keep == "" {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp(keep, t.Name()+"-")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the nodes' data and logs stay in %s", dir)
	return dir
}

// clusterHosts counts the loopback addresses that nodes were given.
var clusterHosts atomic.Int32

// place gives a node a folder and addresses. They are on a loopback address of its own, whose
// ports no outgoing connection takes while the node is down.
func (c *cluster) place(id string) *clusterNode {
	pid := os.Getpid()
	host := fmt.Sprintf("127.%d.%d.%d", 64+pid%128, pid/128%256, 1+clusterHosts.Add(1)%250)
	dir := filepath.Join(c.folder, id)
	n := &clusterNode{binary: usherBinary(c.t), id: id, dir: dir, log: dir + ".log", peers: []string{"--insecure-peers"}}
	if c.certs != nil {
		c.certs.issue(c.t, id)
		n.peers = c.certs.flags(id)
	}
	var taken []net.Listener // until all are chosen, so that they differ
	for _, addr := range []*string{&n.api, &n.ops, &n.raft} {
		ln, err := net.Listen("tcp", host+":0")
		if err != nil {
			c.t.Fatal(err)
		}
		taken, *addr = append(taken, ln), ln.Addr().String()
	}
	n.api, n.ops, n.addr = "http://"+n.api, "http://"+n.ops, n.raft
	if c.wires != nil {
		n.addr = c.wires.before(c.t, id, n.raft)
	}
	for _, ln := range taken {
		if err := ln.Close(); err != nil {
			c.t.Fatal(err)
		}
	}
	return n
}

// grow adds a node that is none of the founders, and waits until it is one of the cluster.
func (c *cluster) grow(id string) *clusterNode {
	c.t.Helper()
	n := c.place(id)
	n.flags = []string{"--join", c.join}
	c.nodes = append(c.nodes, n)
	n.start(c.t)
	c.waitReady(n)
	return n
}

// end leaves no process behind; what they logged is shown if the test has failed.
func (c *cluster) end() {
	for _, n := range c.nodes {
		n.end()
	}
	c.client.CloseIdleConnections()
	if c.wires != nil {
		c.wires.close()
	}
	if !c.t.Failed() {
		return
	}
	for _, n := range c.nodes {
		text := n.text(0)
		c.t.Logf("the end of what node %s logged:\n%s", n.id, text[max(0, len(text)-8<<10):])
	}
}

// running are the nodes whose process lives.
func (c *cluster) running() []*clusterNode {
	return slices.DeleteFunc(slices.Clone(c.nodes), func(n *clusterNode) bool { return !n.runs() })
}

// eventually wants what to come about; what says what is missing.
func (c *cluster) eventually(patience time.Duration, what func() error) {
	c.t.Helper()
	for until := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		err := what()
		if err == nil {
			return
		}
		if time.Now().After(until) {
			c.t.Fatalf("not within %v: %v", patience, err)
		}
	}
}

func (c *cluster) waitReady(nodes ...*clusterNode) {
	c.t.Helper()
	for _, n := range nodes {
		c.eventually(patience, func() error {
			if !n.runs() {
				return fmt.Errorf("node %s has ended: %v", n.id, n.err)
			}
			_, err := c.groups(n)
			return err
		})
	}
}

// clusterInt is a number from the environment, for longer runs.
func clusterInt(t *testing.T, name string, otherwise int) int {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q", name, text)
	}
	return n
}
