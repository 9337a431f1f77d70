package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/usherhq/usher/raftfsm/peertls"
)

// certNodeCmd makes the certificates of nodes.
type certNodeCmd struct {
	NodeID []string `arg:"" name:"node-id" help:"Ids of the nodes, as in usher serve --node-id."`
	Host   []string `placeholder:"NAME-OR-IP" help:"A DNS name or IP address to put into the certificate; repeatable, with one node only. Nodes do not look at it."`
	CA     string   `name:"ca" placeholder:"FILE" help:"The CA's certificate (ca.pem in --dir). A copy of it goes to --dir."`
	CAKey  string   `name:"ca-key" placeholder:"FILE" help:"The CA's private key (ca-key.pem beside --ca)."`
	Days   int      `default:"365" placeholder:"N" help:"Days that the certificates are valid (${default}), at most as long as the CA's."`
	certFlags
}

// certNodes is the report.
type certNodes struct {
	CA    string  `json:"ca"`
	Nodes []*made `json:"nodes"`
}

// Run writes NODE_ID.pem and NODE_ID-key.pem for each node.
func (c *certNodeCmd) Run(_ context.Context, t *term) error {
	lasts, err := c.check()
	if err != nil {
		return err
	}
	c.findCA()
	ca, err := peertls.LoadCA(c.CA, c.CAKey)
	if err != nil {
		return err
	}
	report, err := c.plan()
	if err != nil {
		return err
	}
	if err := errors.Join(c.makeDir(), ca.WriteCert(report.CA, c.Force)); err != nil {
		return err
	}
	for _, m := range report.Nodes {
		if err := c.one(ca, m, report.CA, lasts); err != nil {
			return fmt.Errorf("node %s: %w", m.NodeID, err)
		}
	}
	if c.JSON {
		return t.json(report)
	}
	for _, m := range report.Nodes {
		m.tell(t)
	}
	return nil
}

// check looks at the command line, before anything is written.
func (c *certNodeCmd) check() (time.Duration, error) {
	if len(c.Host) > 0 && len(c.NodeID) > 1 {
		return 0, errors.New("--host goes with one node: several would all claim it")
	}
	seen := map[string]bool{}
	for _, id := range c.NodeID {
		if err := peertls.CheckNodeID(id); err != nil {
			return 0, err
		}
		if seen[id] {
			return 0, fmt.Errorf("node id %q twice", id)
		}
		seen[id] = true
	}
	return life(c.Days)
}

func (c *certNodeCmd) findCA() {
	if c.CA == "" {
		c.CA = filepath.Join(c.Dir, "ca.pem")
	}
	if c.CAKey == "" {
		c.CAKey = filepath.Join(filepath.Dir(c.CA), "ca-key.pem")
	}
}

// plan says which files there will be; what is in the way of one stops all.
func (c *certNodeCmd) plan() (*certNodes, error) {
	report := &certNodes{CA: filepath.Join(c.Dir, "ca.pem")}
	taken := map[string]string{report.CA: "the CA", filepath.Join(c.Dir, "ca-key.pem"): "the CA"}
	for _, id := range c.NodeID {
		m := &made{NodeID: id, Certificate: filepath.Join(c.Dir, id+".pem"), Key: filepath.Join(c.Dir, id+"-key.pem")}
		for _, path := range []string{m.Certificate, m.Key} {
			if whose, ok := taken[path]; ok {
				return nil, fmt.Errorf("node id %q: its file %s would be that of %s", id, path, whose)
			}
			taken[path] = "node " + id
		}
		var err error
		if m.Kept, err = c.there(m.Certificate, m.Key); err != nil {
			return nil, err
		}
		report.Nodes = append(report.Nodes, m)
	}
	return report, nil
}

func (c *certNodeCmd) one(ca *peertls.CA, m *made, caFile string, lasts time.Duration) error {
	if m.Kept {
		return c.keep(m, caFile)
	}
	pair, err := ca.Issue(peertls.Request{NodeID: m.NodeID, Hosts: c.Host, Life: lasts})
	if err != nil {
		return err
	}
	m.NotAfter = pair.NotAfter
	return pair.Write(m.Certificate, m.Key, c.Force)
}

// keep wants what is there to be what this CA would make.
func (c *certNodeCmd) keep(m *made, caFile string) error {
	s, err := peertls.Load(peertls.Files{Cert: m.Certificate, Key: m.Key, CA: caFile}, nil)
	if err != nil {
		return err
	}
	m.NotAfter = s.NotAfter()
	return s.BindTo(m.NodeID)
}
