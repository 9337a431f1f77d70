package router

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func drawInputs(t *rapid.T) Inputs {
	return Inputs{
		Contention:  rapid.Float64Range(0, 1).Draw(t, "contention"),
		Window:      30 * time.Second,
		AttemptRate: rapid.Float64Range(0, 5000).Draw(t, "rate"),
		Left:        rapid.Float64Range(0, 1).Draw(t, "left"),
		LatencyP99:  time.Duration(rapid.IntRange(0, 1000).Draw(t, "ms")) * time.Millisecond,
		Free:        rapid.IntRange(0, 20).Draw(t, "free"),
		ShowTime:    rapid.Bool().Draw(t, "show"),
		Series:      rapid.Bool().Draw(t, "series"),
		SeriesShows: rapid.IntRange(0, 12).Draw(t, "shows"),
		WaitingRoom: rapid.Bool().Draw(t, "room"),
		Tier:        rapid.SampledFrom([]string{"", "gold", "silver"}).Draw(t, "tier"),
		Nights:      rapid.IntRange(0, 14).Draw(t, "nights"),
		Party:       rapid.IntRange(0, 12).Draw(t, "party"),
		NamedSeats:  rapid.Bool().Draw(t, "named"),
		Accept:      rapid.SampledFrom([]string{"", Exact, Suggest, Substitute, "anything"}).Draw(t, "accept"),
	}
}

// Whatever was measured and in whatever state: the buyer's word stands.
func TestPromises(t *testing.T) {
	table := DefaultTable()
	rapid.Check(t, func(t *rapid.T) {
		var s State
		var now int64
		for range rapid.IntRange(1, 30).Draw(t, "requests") {
			in := drawInputs(t)
			now += rapid.Int64Range(-1000, 30_000).Draw(t, "ms later")
			d, next := Decide(in, s, now, table)
			again, same := Decide(in, s, now, table)
			switch {
			case again != d || same != next:
				t.Fatalf("%+v and %+v of the same", d, again)
			case Choose(&in, next, table) != d:
				t.Fatalf("Choose differs from %+v", d)
			case d.Pattern == SkipLocked && (in.Accept != Substitute && in.Accept != Suggest || !in.NamedSeats):
				t.Fatalf("%+v of %+v", d, in)
			case d.Pattern == Queue && !in.WaitingRoom:
				t.Fatalf("%+v without a waiting room", d)
			case (d.Pattern == Lease || d.Pattern == Optimistic) && in.Nights < 2:
				t.Fatalf("%+v of %d nights", d, in.Nights)
			case d.Because == "" || strings.Contains(d.Because, "%!"):
				t.Fatalf("because %q", d.Because)
			}
			s = next
		}
	})
}

func TestDefaultTable(t *testing.T) {
	table := DefaultTable()
	if err := table.Validate(); err != nil {
		t.Error(err)
	}
	data, err := json.Marshal(table)
	if err != nil {
		t.Fatal(err)
	}
	var back Table
	if err := json.Unmarshal(data, &back); err != nil || !reflect.DeepEqual(*table, back) {
		t.Errorf("%s comes back as %+v, %v", data, back, err)
	}
}

func TestValidateQuotes(t *testing.T) {
	for want, spoil := range map[string]func(*Table){
		"dwell_seconds is -1; 0…3600 is possible":                                          func(t *Table) { t.DwellSeconds = -1 },
		"dwell_seconds is NaN; 0…3600 is possible":                                         func(t *Table) { t.DwellSeconds = math.NaN() },
		"nights is 1; at least 2 is possible":                                              func(t *Table) { t.Nights = 1 },
		"queue.rate: enter 400 and leave 1000; 0 < leave < enter ≤ 1e+09 is possible":      func(t *Table) { t.Queue.Rate = Band{400, 1000} },
		"queue.crush: enter 1.5 and leave 0.6; 0 < leave < enter ≤ 1 is possible":          func(t *Table) { t.Queue.Crush.Enter = 1.5 },
		"queue.crush_rate: enter 50 and leave 50; 0 < leave < enter ≤ 1e+09 is possible":   func(t *Table) { t.Queue.CrushRate.Leave = 50 },
		"queue.latency_ms: enter NaN and leave 250; 0 < leave < enter ≤ 1e+09 is possible": func(t *Table) { t.Queue.Latency.Enter = math.NaN() },
		"queue.priority_tiers[1] is empty, which would be everybody without a tier":        func(t *Table) { t.Queue.PriorityTiers[1] = "" },
		"queue.priority_factor is 0.5; 1…1000 is possible":                                 func(t *Table) { t.Queue.PriorityFactor = 0.5 },
		"lease.series: enter 0 and leave 0; 0 < leave < enter ≤ 1 is possible":             func(t *Table) { t.Lease.Series = Band{} },
		"lease.series_left: enter 0.2 and leave 0.1; 0 < enter < leave ≤ 1 is possible":    func(t *Table) { t.Lease.SeriesLeft = Band{0.2, 0.1} },
		"lease.stay: enter 0.5 and leave 0.7; 0 < leave < enter ≤ 1 is possible":           func(t *Table) { t.Lease.Stay.Leave = 0.7 },
		"skip_locked.contention: enter 15 and leave 8; 0 < leave < enter ≤ 1 is possible":  func(t *Table) { t.SkipLocked.Contention = Band{15, 8} },
		"skip_locked.run: enter 0.05 and leave -1; 0 < leave < enter ≤ 1 is possible":      func(t *Table) { t.SkipLocked.Run.Leave = -1 },
		"skip_locked.run_shows is 0; at least 2 is possible":                               func(t *Table) { t.SkipLocked.RunShows = 0 },
		"skip_locked.max_party is 0; at least 1 is possible":                               func(t *Table) { t.SkipLocked.MaxParty = 0 },
	} {
		table := DefaultTable()
		spoil(table)
		if err := table.Validate(); err == nil || err.Error() != "router: "+want {
			t.Errorf("got  %v\nwant router: %s", err, want)
		}
	}
}

// The package's table is the default table.
func TestDocHasTheThresholds(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Join(strings.Fields(string(doc)), " ")
	table := DefaultTable()
	share := func(b Band) string { return fmt.Sprintf("%s %s", percent(b.Enter), percent(b.Leave)) }
	count := func(b Band) string { return fmt.Sprintf("%s %s", number(b.Enter), number(b.Leave)) }
	for _, want := range []string{
		"queue.rate attempts/s of the event " + count(table.Queue.Rate),
		"(priority tiers, × " + number(table.Queue.PriorityFactor) + ") // " + count(table.Queue.priorityRate()),
		"queue.crush share of attempts lost " + share(table.Queue.Crush),
		"queue.crush_rate attempts/s, needed as well " + count(table.Queue.CrushRate),
		"queue.latency_ms p99 of booking " + count(table.Queue.Latency),
		"lease.series share of attempts lost " + share(table.Lease.Series),
		"lease.series_left share of the seats left " + share(table.Lease.SeriesLeft),
		"lease.stay share of attempts lost " + share(table.Lease.Stay),
		"skip_locked.contention share of attempts lost " + share(table.SkipLocked.Contention),
		"skip_locked.run share of attempts lost " + share(table.SkipLocked.Run),
		fmt.Sprint("nights nights that are several ", table.Nights),
		fmt.Sprint("skip_locked.run_shows shows a week that are a run ", table.SkipLocked.RunShows),
		fmt.Sprint("skip_locked.max_party seats side by side ", table.SkipLocked.MaxParty),
		fmt.Sprintf("for the dwell time, %v s", table.DwellSeconds),
	} {
		// The lines of a table begin with their comment's slashes.
		if !strings.Contains(words, want) && !strings.Contains(strings.ReplaceAll(words, "// ", ""), strings.ReplaceAll(want, "// ", "")) {
			t.Errorf("doc.go does not say %q", want)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	in, table := flashSale(), DefaultTable()
	var s State
	b.Run("sense", func(b *testing.B) {
		for b.Loop() {
			s = Sense(&in, s, 1000, table)
		}
	})
	b.Run("choose", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Choose(&in, s, table)
		}
	})
	direct := quiet()
	b.Run("choose direct", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Choose(&direct, State{}, table)
		}
	})
}
