package proptest

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// sourceMutants are bugs planted in shard's source: in a file a piece of text, which is
// there once, becomes another. Each is built, in a copy that only the compiler sees, and
// has to be noticed.
var sourceMutants = []struct{ name, file, is, becomes string }{
	{"an area is counted twice", "area.go", "a.held += m.n", "a.held += 2 * m.n"},
	{"an area has one place more", "hold.go", "left := e.areas[no].left(); left < n", "left := e.areas[no].left(); left+1 < n"},
	{"a channel's seat is everybody's when it comes back", "channel.go",
		"if e.seatChannel(seat) != 0 {\n\t\treturn Blocked", "if false {\n\t\treturn Blocked"},
	{"any key opens any channel", "hold.go", "channel != 0 && e.seatChannel(seat) == channel", "channel != 0 && e.seatChannel(seat) != 0"},
	{"the limit forgets bookings", "allowance.go", "return nil\n\t}\n\thas := make", "return nil\n\t}\n\te = &Event{rules: e.rules, blocks: e.blocks}\n\thas := make"},
	{"the limit forgets what is sold", "booking.go", "e.end(now, hold, HoldBooked, int64(n))", "e.lose(p.holder(i), p.seatsOf(i))\n\te.end(now, hold, HoldBooked, int64(n))"},
	{"the limit is one too high", "rules.go", "has+weight(seats) > n", "has+weight(seats) > n+1"},
	{"plain holds skip the orphans", "hold.go", "if e.rules.wide() {", "if e.rules.PerHolder > 0 {"},
	{"orphans beside what has lapsed", "claim.go", "it.searches() || it.Orphans != OrphansAllow || e.lookAround", "it.searches() || e.lookAround"},
	{"the version check is off by one", "choose.go", "it.Versions[i] != at ||", "it.Versions[i] > at ||"},
	{"since is off by one", "choose.go", "at > it.Since", "at > it.Since+1"},
	{"fan-out takes another category", "fanout.go", "p.category[a] == p.category[b] && ", ""},
	{"the best are the second nearest", "search_nearest.go", "away == b.away && i < b.first", "away == b.away"},
	{"any takes two", "choose.go", "out.Conflicts, out.Granted = out.Conflicts[:0], nil\n\t\t\t\treturn", "out.Conflicts, out.Granted = out.Conflicts[:0], nil\n\t\t\t\tif len(s.picks) < 2 {\n\t\t\t\t\tcontinue\n\t\t\t\t}\n\t\t\t\treturn"},
	{"a guest ends by itself", "claim.go", "t.ttl = never - now // until the home says", ""},
	{"a commit after it was given up", "txn.go", "case r.since <= now:\n\t\ts.giveUp(now, c.Bundle, false)\n\t\treturn ErrBundleEnded\n", ""},
	{"given up before its time", "txn.go", "(!c.Late || r.since <= now)", "true"},
	{"a guest told twice books twice", "txn.go", "case c.State == BundleBooked && undecided:", "case c.State == BundleBooked && (undecided || r.state == BundleBooked):"},
	{"a guest hears old news", "txn.go", "case c.State == BundleEnded && undecided:", "case c.State == BundleEnded:"},
	{"an ack drops newer news", "txn.go", "p.state != c.State || p.state == BundleOpen || at < 0", "p.state == BundleOpen || at < 0"},
	{"a bundle's end is told to nobody", "cascade.go", "next.pending = groupsOf(r.parts)", ""},
	{"a late prepare is held all the same", "txn.go", "case r.state != BundleOpen && r.state != BundleHeld:\n\t\tout.Err = ErrBundleEnded\n\t\treturn true", "case r.state != BundleOpen && r.state != BundleHeld:\n\t\treturn false"},
	{"who waits is lost in a snapshot", "restore_rules.go", "r.pending = append(r.pending, f.U16())", "f.U16()"},
	{"bundles are missing from the snapshot", "snapshot.go", "z.bundles.write(f)", ""},
	{"what is frozen goes on changing", "bundle.go", "if p.gen != s.gen {", "if false {"},
	{"a cancel leaves a part", "cascade.go", "for _, p := range r.parts {\n\t\tif p.Group == 0 {\n\t\t\ts.own(p.Event).undo(now, p.Booking)", "for k, p := range r.parts {\n\t\tif p.Group == 0 && k < len(r.parts)-1 {\n\t\t\ts.own(p.Event).undo(now, p.Booking)"},
	{"an extension forgets a part", "cascade.go", "(part.Event != e.no || part.Hold != n)", "part.Event > e.no"},
	{"a part can be used by itself", "cascade.go", "return r.leader(e.no, n)", "return true"},
	{"links are missing from the digest and the snapshot", "snapshot.go", "f.U32(p.bundle(i))", "f.U32(0)"},
	{"an undecided seat is told as taken", "bundle.go", "f.Undecided = true", "f.Undecided = false"},
	{"a lease needs no token", "booking.go", "c.Token == 0 && p.flags[i]&HoldLease != 0", "c.Token == 0 && p.flags[i] > holdFlags"},
	{"a restore raises no base", "era.go", "max(base+eraTokens, uint64(slot)*eraTokens)", "max(base, 1)"},
	{"a second restore of a backup is like the first", "era.go", "max(base+eraTokens, uint64(slot)*eraTokens)", "base + eraTokens"},
	{"an era's first hold has an old token", "era.go", "if uint64(hold) >= e.era.Hold {", "if uint64(hold) > e.era.Hold {"},
	{"old holds have new tokens", "era.go", "return e.pastToken(hold)", "return e.era.Base + uint64(hold)"},
	{"a restore keeps the epoch", "era.go", "copy(e.epoch[:], h[:16])", ""},
	{"the gate stands open", "hold.go", "case e.rules.Gated && !t.admitted:", "case false:"},
}

// TestSourceMutantsAreNoticed builds and plays one of the mutants, another each time: a
// build costs seconds. All of them:
//
//	USHER_PROPTEST_MUTANTS=99 go test ./proptest -run SourceMutants
func TestSourceMutantsAreNoticed(t *testing.T) {
	t.Parallel()
	for _, i := range rand.Perm(len(sourceMutants))[:min(len(sourceMutants), envInt("USHER_PROPTEST_MUTANTS", 1))] {
		m := sourceMutants[i]
		t.Run(m.name, func(t *testing.T) {
			bin := filepath.Join(t.TempDir(), "gate")
			build(t, bin, "shard", planting{m.file, m.is, m.becomes})
			out, err := exec.Command(bin).CombinedOutput()
			if err == nil {
				t.Fatalf("nobody noticed")
			}
			t.Logf("%.300s", out)
		})
	}
}

// TestSourceMutantsCanBePlanted wants the text that each mutant replaces to be there, once.
func TestSourceMutantsCanBePlanted(t *testing.T) {
	for _, m := range sourceMutants {
		if src, err := os.ReadFile(filepath.Join("..", "shard", m.file)); err != nil || strings.Count(string(src), m.is) != 1 {
			t.Errorf("%s: %v, %q is there %d times", m.name, err, m.is, strings.Count(string(src), m.is))
		}
	}
}

// planting is a text in a file that becomes another.
type planting struct{ file, is, becomes string }

// build builds the gate with texts of a package's replaced, in files of which each is named once.
func build(t *testing.T, bin, pkg string, plantings ...planting) {
	t.Helper()
	dir := filepath.Dir(bin)
	replace := map[string]string{}
	for _, p := range plantings {
		path, err := filepath.Abs(filepath.Join("..", pkg, p.file))
		if err != nil {
			t.Fatal(err)
		}
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		planted := filepath.Join(dir, p.file)
		replace[path] = planted
		if err := os.WriteFile(planted, []byte(strings.Replace(string(src), p.is, p.becomes, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	overlay := filepath.Join(dir, "overlay.json")
	data, err := json.Marshal(map[string]map[string]string{"Replace": replace})
	if err == nil {
		err = os.WriteFile(overlay, data, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-overlay", overlay, "-o", bin, "./gate").CombinedOutput(); err != nil {
		t.Fatalf("it does not build: %v\n%s", err, out)
	}
}
