package proptest_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
)

// cluster is several real processes on loopback addresses, of one cluster.
type cluster struct {
	t      *testing.T
	client *http.Client
	folder string
	wires  *wires // between the nodes; nil: they speak to each other directly
	nodes  []*clusterNode
	join   string
}

// clusterGroups are few, so that the machine is not busy with heartbeats.
const clusterGroups = 2

// patience is what a loaded machine may take for what takes a second or two.
const patience = time.Minute

// newCluster founds a cluster of three.
func newCluster(t *testing.T, w *wires) *cluster {
	c := &cluster{t: t, client: newKillAPI().client, folder: clusterFolder(t), wires: w}
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
		n.flags = []string{"--join", c.join, "--bootstrap-expect", "3", "--groups", strconv.Itoa(clusterGroups)}
		n.start(t)
	}
	c.waitReady(c.nodes...)
	return c
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

// place gives a node a folder and addresses. They are on a loopback address of its own, whose
// ports no outgoing connection takes while the node is down.
func (c *cluster) place(id string) *clusterNode {
	host := fmt.Sprintf("127.%d.%d.%d", 64+os.Getpid()%128, os.Getpid()/128%250, 1+len(c.nodes))
	dir := filepath.Join(c.folder, id)
	n := &clusterNode{
		binary: usherBinary(c.t), id: id, dir: dir, log: dir + ".log",
		api: "http://" + freeAddr(c.t, host), ops: "http://" + freeAddr(c.t, host), raft: freeAddr(c.t, host),
	}
	n.addr = n.raft
	if c.wires != nil {
		n.addr = c.wires.before(c.t, id, n.raft)
	}
	return n
}

func freeAddr(t *testing.T, host string) string {
	t.Helper()
	ln, err := net.Listen("tcp", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
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

// get reads JSON.
func (c *cluster) get(url string, into any) error {
	a, err := (&killAPI{base: url, client: c.client}).do(killWrite{method: http.MethodGet})
	if err == nil && a.status != http.StatusOK {
		err = fmt.Errorf("status %d: %s", a.status, a.body)
	}
	if err == nil {
		err = json.Unmarshal([]byte(a.body), into)
	}
	if err != nil {
		return fmt.Errorf("GET %s: %w", url, err)
	}
	return nil
}

// groups is how a node that is ready sees its replicas.
func (c *cluster) groups(n *clusterNode) ([]engine.GroupStatus, error) {
	var v struct {
		Groups []engine.GroupStatus `json:"groups"`
	}
	err := c.get(n.ops+"/readyz?verbose", &v)
	return v.Groups, err
}

// leader finds who leads a group: the newest of those that say so.
func (c *cluster) leader(group int) *clusterNode {
	c.t.Helper()
	var leader *clusterNode
	c.eventually(patience, func() error {
		term := uint64(0)
		for _, n := range c.running() {
			all, err := c.groups(n)
			if err == nil && all[group].State == "Leader" && all[group].Term > term {
				leader, term = n, all[group].Term
			}
		}
		if leader == nil {
			return fmt.Errorf("nobody leads group %d", group)
		}
		return nil
	})
	return leader
}

// usher runs the binary, and gives its standard output.
func (c *cluster) usher(args ...string) (string, error) {
	out, err := exec.Command(usherBinary(c.t), args...).Output()
	if exit, ok := err.(*exec.ExitError); ok {
		err = fmt.Errorf("usher %s: %w: %s", strings.Join(args, " "), err, exit.Stderr)
	}
	return string(out), err
}

// status asks a node for the cluster as it sees it.
func (c *cluster) status(n *clusterNode) (v engine.ClusterView, err error) {
	out, err := c.usher("cluster", "status", "--admin", n.ops, "--json")
	if err == nil {
		err = json.Unmarshal([]byte(out), &v)
	}
	return v, err
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
