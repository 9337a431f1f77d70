package engine

import (
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/usherhq/usher/engine/payment"
	"github.com/usherhq/usher/engine/router"
	"github.com/usherhq/usher/raftfsm"
)

// LogStore names the log's storage: LogStoreWAL or LogStoreBolt.
type LogStore = raftfsm.LogStoreKind

// The log stores; WAL costs one fsync an append, bolt two.
const (
	LogStoreWAL  = raftfsm.LogStoreWAL
	LogStoreBolt = raftfsm.LogStoreBolt
)

// Clock is the machine's time, for those who hand in their own.
type Clock = raftfsm.Clock

// Config says what an Engine is. Only Dir is needed.
type Config struct {
	// Dir is the data folder; made (0700) if it does not exist.
	Dir string
	// Replicas is how many replicas live in this process: 0 and 1 mean one, with no
	// port open; 3 means three over loopback TCP, each with a folder of its own below
	// Dir (for demos, benchmarks and tests). Fixed when Dir is first used.
	Replicas int
	// Cluster, if not nil, makes the engine one node of a cluster. Each has a folder of its own.
	Cluster *Cluster
	// Assembling is told, while a new node waits for its cluster, what it waits for; nil: the
	// Logger is. It must not block.
	Assembling func(string)
	// Groups is the number of shard groups, 1…64; 0 means 8. Fixed when Dir is first
	// used.
	Groups int
	// LogStore is where the log is kept; empty means LogStoreWAL. Fixed when Dir is
	// first used.
	LogStore LogStore
	// Logger gets what operators should know; nil means none.
	Logger *slog.Logger
	// Registerer gets the metrics; nil means none.
	Registerer prometheus.Registerer
	// Clock is the machine's; nil means the system's.
	Clock Clock
	// Payments are the providers by method name; nil means the sandbox alone.
	Payments map[string]payment.Provider
	// Admission verifies admission tokens; nil means the events' waiting rooms do.
	Admission Admission
	// MaxInFlight bounds the requests under way in a group, and the joins that wait to be sent
	// in a waiting room; beyond it they are refused with ErrOverloaded. 0 means 65,536.
	MaxInFlight int
	// Router has the thresholds of mode auto; nil means router.DefaultTable.
	Router *router.Table
	// HeatOff counts no contention: Heat shows every event as quiet, and the router takes
	// it for quiet. For measuring what counting costs.
	HeatOff bool
}
