package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// compose reads the file as docker compose does: an unknown field, and a volume, network
// or service that is not there, is an error.
func compose(ctx context.Context, l *findings, path string) ([]call, error) {
	opts, err := cli.NewProjectOptions([]string{path}, cli.WithConsistency(true), cli.WithInterpolation(true))
	if err != nil {
		return nil, err
	}
	project, err := opts.LoadProject(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var calls, nodes []call
	for _, name := range project.ServiceNames() {
		c := composeCall(path, project.Services[name])
		c.checkMounts(l)
		if c.is("serve") {
			c.checkPorts(l)
			nodes = append(nodes, c)
		}
		calls = append(calls, c)
		l.services++
	}
	checkCluster(l, path, nodes, project.ServiceNames())
	checkIssued(l, calls, nodes)
	return calls, nil
}

func composeCall(path string, s types.ServiceConfig) call {
	c := call{where: path + ": service " + s.Name, args: s.Command, env: map[string]string{}}
	for name, v := range s.Environment {
		if v != nil {
			c.env[name] = *v
		}
	}
	for _, v := range s.Volumes {
		c.mounts = append(c.mounts, v.Target)
	}
	for _, p := range s.Ports {
		c.ports = append(c.ports, strconv.FormatUint(uint64(p.Target), 10))
	}
	return c
}

// checkIssued wants a certificate to be made for each node.
func checkIssued(l *findings, calls, nodes []call) {
	var issued []string
	for _, c := range calls {
		if c.is("cert node") {
			issued = append(issued, c.args...)
		}
	}
	for _, n := range nodes {
		if id := n.value("node-id"); !slices.Contains(issued, id) {
			l.add(n.where, "no service makes a certificate for %q", id)
		}
	}
}
