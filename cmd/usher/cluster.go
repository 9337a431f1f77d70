package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/transport"
)

// clusterCmd has what operators do to a cluster. All but recover talk to the operations
// listener of any node.
type clusterCmd struct {
	Status   clusterStatusCmd   `cmd:"" help:"Show the nodes, and who leads and votes where."`
	Add      clusterAddCmd      `cmd:"" help:"Have a node that has joined, or was drained, take its share of the voters."`
	Drain    clusterDrainCmd    `cmd:"" help:"Have a node vote and lead no more; it goes on serving reads."`
	Remove   clusterRemoveCmd   `cmd:"" help:"Drain a node, wait, and take it out for good; its id is never used again."`
	Transfer clusterTransferCmd `cmd:"" help:"Have another node lead a group, or all groups of a node."`
	Recover  recoverCmd         `cmd:"" help:"Make a data folder of what one node has, when the majority is lost for good."`
}

// adminFlag says which node is asked.
type adminFlag struct {
	Admin string `default:"http://127.0.0.1:9090" placeholder:"URL" help:"The operations listener of any node of the cluster."`
}

func (f adminFlag) client() (*api, error) {
	a, err := apiAt("--admin", f.Admin, "http://"+usualAdmin)
	if err != nil {
		return nil, err
	}
	a.header = http.Header{transport.OperatorHeader: {"usher cluster"}}
	a.client.Timeout = 5 * time.Minute // a removal waits for groups to move
	return a, nil
}

type clusterStatusCmd struct {
	JSON bool `name:"json" help:"Report as one line of JSON."`
	adminFlag
}

// Run asks one node, which asks all others.
func (c *clusterStatusCmd) Run(ctx context.Context, t *term) error {
	a, err := c.client()
	if err != nil {
		return err
	}
	_, raw, err := a.call(ctx, http.MethodGet, "/cluster", "", nil, 0)
	if err != nil {
		return err
	}
	if c.JSON {
		return printLine(t, raw)
	}
	var v engine.ClusterView
	if err := json.Unmarshal(raw, &v); err != nil {
		return fmt.Errorf("the answer of %s: %w", a.base, err)
	}
	return printCluster(t, &v)
}

// printLine is an answer for programs.
func printLine(t *term, raw json.RawMessage) error {
	line, err := oneLine(raw)
	if err == nil {
		t.printf("%s", line)
	}
	return err
}

func printCluster(t *term, v *engine.ClusterView) error {
	switch {
	case !v.Cluster.IsZero():
		t.printf("Cluster %s, version %d, seen by %s.\n\n", v.Cluster, v.Version, v.SeenBy)
	case len(v.Nodes) > 1:
		t.printf("%d replicas of one process, seen by %s.\n\n", len(v.Nodes), v.SeenBy)
	default:
		t.printf("Node %s is alone.\n\n", v.SeenBy)
	}
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NODE\tSTATE\tHEALTH\tLEADS\tVOTES\tZONE\tVERSION\tRAFT ADDRESS\tAPI")
	for _, n := range v.Nodes {
		state := n.State
		if n.ReadReplica {
			state += ", read replica"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\t%d\t%s\t%s\n", n.NodeID, state, n.Health, n.Leads, n.Votes, dash(n.Zone), n.Version, dash(n.Addr), dash(n.API))
	}
	fmt.Fprintln(w, "\nGROUP\tLEADER\tTERM\tVOTERS\tTO BE\tREAD REPLICAS\tCOMMITTED\tBEHIND\tSELLING")
	for _, g := range v.Groups {
		leader := dash(g.Leader)
		if !g.Quorum {
			leader = strings.TrimPrefix(leader+" NO QUORUM", "- ")
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\t%d\t%s\t%s\n", groupName(g.Group), leader, g.Term, names(g.Voters), names(g.Wanted), names(g.Others), g.Commit, behind(g.Lag), yes(g.Selling))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if v.Problem != "" {
		t.printf("\n%s\n", v.Problem)
	}
	return nil
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func names(ids []string) string { return dash(strings.Join(ids, " ")) }

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "-"
}

// behind names the nodes that have not applied all that is committed.
func behind(lag map[string]uint64) string {
	var out []string
	for id, n := range lag {
		if n > 0 {
			out = append(out, fmt.Sprintf("%s:%d", id, n))
		}
	}
	sort.Strings(out)
	return names(out)
}

// nodeChange is what add, drain and remove have in common.
type nodeChange struct {
	Node        string `arg:"" name:"node" help:"The node's id."`
	DuringSales bool   `help:"Also move voters of groups that are selling: their writes wait for a moment."`
	JSON        bool   `name:"json" help:"Report as one line of JSON."`
	adminFlag
}

func (c *nodeChange) run(ctx context.Context, t *term, verb, done string, force bool) error {
	a, err := c.client()
	if err != nil {
		return err
	}
	q := url.Values{}
	if c.DuringSales {
		q.Set("during_sales", "true")
	}
	if force {
		q.Set("force", "true")
	}
	_, raw, err := a.call(ctx, http.MethodPost, "/cluster/nodes/"+url.PathEscape(c.Node)+"/"+verb+"?"+q.Encode(), "", nil, 0)
	if err != nil {
		return err
	}
	if c.JSON {
		return printLine(t, raw)
	}
	t.printf("Node %s %s.\n", c.Node, done)
	return nil
}

type clusterAddCmd struct{ nodeChange }

// Run has the node vote.
func (c *clusterAddCmd) Run(ctx context.Context, t *term) error {
	return c.run(ctx, t, "add", "is active; its share of the voters moves to it, group by group (see usher cluster status)", false)
}

type clusterDrainCmd struct{ nodeChange }

// Run takes its votes.
func (c *clusterDrainCmd) Run(ctx context.Context, t *term) error {
	return c.run(ctx, t, "drain", "is draining; its votes move away, group by group (see usher cluster status)", false)
}

type clusterRemoveCmd struct {
	Force bool `help:"Remove it at once, though its groups are left with fewer voters: for a node that is lost and that no other can replace."`
	nodeChange
}

// Run takes it out.
func (c *clusterRemoveCmd) Run(ctx context.Context, t *term) error {
	return c.run(ctx, t, "remove", "is removed; its process ends by itself, and its data folder is of no more use", c.Force)
}

type clusterTransferCmd struct {
	Group int    `default:"-1" placeholder:"N" help:"The group to move."`
	From  string `placeholder:"NODE" help:"Move all groups that this node leads."`
	To    string `placeholder:"NODE" help:"Who is to lead; whoever is most up to date if absent."`
	JSON  bool   `name:"json" help:"Report as one line of JSON."`
	adminFlag
}

// Run moves leaders.
func (c *clusterTransferCmd) Run(ctx context.Context, t *term) error {
	if (c.Group < 0) == (c.From == "") {
		return errors.New("give either --group or --from")
	}
	a, err := c.client()
	if err != nil {
		return err
	}
	q := url.Values{"to": {c.To}}
	if c.Group >= 0 {
		q.Set("group", fmt.Sprint(c.Group))
	} else {
		q.Set("from", c.From)
	}
	_, raw, err := a.call(ctx, http.MethodPost, "/cluster/transfer?"+q.Encode(), "", nil, 0)
	if err != nil {
		return err
	}
	if c.JSON {
		return printLine(t, raw)
	}
	var out struct{ Groups []int }
	if err := json.Unmarshal(raw, &out); err != nil {
		return fmt.Errorf("the answer of %s: %w", a.base, err)
	}
	t.printf("%s moved: %v\n", counted(len(out.Groups), "group"), out.Groups)
	return nil
}
