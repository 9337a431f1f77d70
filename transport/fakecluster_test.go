package transport

import (
	"context"
	"errors"
	"fmt"

	"github.com/usherhq/usher/engine"
)

// fakeCluster notes what operators ask for.
type fakeCluster struct {
	asked []string
	err   error
}

func (f *fakeCluster) note(verb string, c engine.NodeChange) error {
	f.asked = append(f.asked, fmt.Sprintf("%s %s during_sales=%v force=%v", verb, c.NodeID, c.DuringSales, c.Force))
	return f.err
}

func (f *fakeCluster) ClusterStatus(context.Context) (*engine.ClusterView, error) {
	return &engine.ClusterView{SeenBy: "n1"}, f.err
}
func (f *fakeCluster) AddNode(_ context.Context, c engine.NodeChange) error { return f.note("add", c) }
func (f *fakeCluster) DrainNode(_ context.Context, c engine.NodeChange) error {
	return f.note("drain", c)
}
func (f *fakeCluster) RemoveNode(_ context.Context, c engine.NodeChange) error {
	return f.note("remove", c)
}
func (f *fakeCluster) TransferLead(_ context.Context, group int, from, to string) ([]int, error) {
	f.asked = append(f.asked, fmt.Sprintf("transfer %d %s %s", group, from, to))
	if f.err != nil {
		return nil, f.err
	}
	return []int{group}, nil
}

var errNoRoom = errors.New("usher: without node \"n2\" nobody is left to vote")
