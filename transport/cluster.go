package transport

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/usherhq/usher/engine"
)

// clusterEngine is what operators may do to a cluster.
type clusterEngine interface {
	ClusterStatus(ctx context.Context) (*engine.ClusterView, error)
	AddNode(ctx context.Context, c engine.NodeChange) error
	DrainNode(ctx context.Context, c engine.NodeChange) error
	RemoveNode(ctx context.Context, c engine.NodeChange) error
	TransferLead(ctx context.Context, group int, from, to string) ([]int, error)
}

// clusterWait is how long a removal may wait for the node's groups to move, unless the caller
// hangs up before.
const clusterWait = 4 * time.Minute

// clusterRoutes are part of the operations listener.
func (s *Server) clusterRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /cluster", s.clusterStatus)
	mux.HandleFunc("POST /cluster/nodes/{node_id}/add", s.byOperator(s.clusterNode(s.engine.AddNode)))
	mux.HandleFunc("POST /cluster/nodes/{node_id}/drain", s.byOperator(s.clusterNode(s.engine.DrainNode)))
	mux.HandleFunc("POST /cluster/nodes/{node_id}/remove", s.byOperator(s.clusterNode(s.engine.RemoveNode)))
	mux.HandleFunc("POST /cluster/transfer", s.byOperator(s.clusterTransfer))
}

// OperatorHeader has to come with what changes a cluster. A page in an operator's browser can
// send requests to this machine's ports, but no header of its own without being asked first.
const OperatorHeader = "Usher-Operator"

func (s *Server) byOperator(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(OperatorHeader) == "" {
			(&problem{kind: badRequest, detail: "the header " + OperatorHeader + " is missing: use usher cluster, or set it to anything"}).write(w, "")
			return
		}
		next(w, r)
	}
}

// operatorProblem tells operators the whole error: it is theirs to mend.
func (s *Server) operatorProblem(w http.ResponseWriter, err error) {
	p := problemOf(err)
	if p.code == internal.code {
		p = &problem{kind: clusterRefused, detail: trimmed(err), cause: err}
	}
	p.write(w, "")
}

func (s *Server) clusterStatus(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 10*time.Second)
	defer cancel()
	v, err := s.engine.ClusterStatus(ctx)
	if err != nil {
		s.operatorProblem(w, err)
		return
	}
	_ = writeJSON(w, http.StatusOK, v) // strings and numbers cannot fail
}

// clusterNode changes a node: ?during_sales=true, ?force=true.
func (s *Server) clusterNode(change func(context.Context, engine.NodeChange) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := engine.NodeChange{NodeID: r.PathValue("node_id")}
		for name, flag := range map[string]*bool{"during_sales": &c.DuringSales, "force": &c.Force} {
			text := r.URL.Query().Get(name)
			if text == "" {
				continue
			}
			v, err := strconv.ParseBool(text)
			if err != nil {
				s.operatorProblem(w, &engine.InvalidError{Field: name, Problem: "want true or false"})
				return
			}
			*flag = v
		}
		ctx, cancel := context.WithTimeout(r.Context(), clusterWait)
		defer cancel()
		if err := change(ctx, c); err != nil {
			s.operatorProblem(w, err)
			return
		}
		_ = writeJSON(w, http.StatusOK, map[string]string{"node_id": c.NodeID, "status": "ok"})
	}
}

// clusterTransfer moves leaders: ?group=N or ?from=NODE, and ?to=NODE.
func (s *Server) clusterTransfer(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	group := -1
	if text := q.Get("group"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			s.operatorProblem(w, &engine.InvalidError{Field: "group", Problem: "want the number of a group"})
			return
		}
		group = n
	}
	ctx, cancel := context.WithTimeout(r.Context(), 30*time.Second)
	defer cancel()
	moved, err := s.engine.TransferLead(ctx, group, q.Get("from"), q.Get("to"))
	if err != nil {
		s.operatorProblem(w, err)
		return
	}
	if moved == nil {
		moved = []int{}
	}
	_ = writeJSON(w, http.StatusOK, map[string][]int{"groups": moved})
}
