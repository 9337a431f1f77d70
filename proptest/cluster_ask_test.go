package proptest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"strings"

	"github.com/usherhq/usher/engine"
)

var errNotThere = errors.New("status 404")

// get reads JSON; errNotThere.
func (c *cluster) get(url string, into any) error {
	a, err := (&killAPI{base: url, client: c.client}).do(killWrite{method: http.MethodGet})
	if err == nil && a.status == http.StatusNotFound {
		err = fmt.Errorf("%w: %s", errNotThere, a.body)
	} else if err == nil && a.status != http.StatusOK {
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
