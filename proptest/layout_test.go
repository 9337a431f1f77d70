package proptest

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/usherhq/usher"

// floors says what stands on what: a package may import its own folder and those on
// lower floors. On the ground floor nobody knows anybody.
var floors = map[string]int{
	"shard": 0, "waitroom": 0, "raftfsm": 1, "engine": 2, "transport": 3, "cmd": 4, "proptest": 5,
}

// impure is what a state machine that has to be the same everywhere must not touch.
var impure = []string{"context", "crypto/rand", "log", "math/rand", "net", "os", "runtime", "sync", "syscall", "time", "unsafe"}

// beneath are packages that stand beneath the ground floor, for all on it.
var beneath = []string{module + "/shard/frame"}

// keyed is what a state machine may take of what is else impure: generators that it gives the key.
// TestGeneratorsAreKeyed sees to it that nothing else is taken of that.
var keyed = map[string]string{"waitroom": "math/rand/v2"}

// keepers are the folders that alone import a library, besides the proofs.
var keepers = map[string]string{
	"github.com/hashicorp/":      "raftfsm",
	"go.etcd.io/":                "raftfsm",
	"github.com/gorilla/":        "transport",
	"github.com/alecthomas/kong": "cmd",
}

type listed struct {
	ImportPath   string
	Imports      []string // of the package itself, not of its tests
	TestImports  []string
	XTestImports []string
}

// TestImportsPointDown holds the packages against the house in docs/ARCHITECTURE.md.
func TestImportsPointDown(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range listPackages(t) {
		from, ok := folder(p.ImportPath)
		if !ok {
			t.Errorf("%s is in no known folder", p.ImportPath)
			continue
		}
		seen[from] = true
		for _, path := range p.Imports {
			checkImport(t, p.ImportPath, from, path)
		}
		for _, path := range slices.Concat(p.TestImports, p.XTestImports) {
			if to, ok := folder(path); ok && to == "proptest" && from != to {
				t.Errorf("a test of %s imports %s", p.ImportPath, path)
			}
		}
	}
	for _, need := range []string{"shard", "raftfsm", "engine", "transport"} {
		if !seen[need] {
			t.Errorf("go list knows no package in %s: this test looks at nothing", need)
		}
	}
}

func checkImport(t *testing.T, pkg, from, path string) {
	to, ours := folder(path)
	switch {
	case slices.Contains(beneath, path) && pkg != path || keyed[from] == path:
	case ours && to != from && floors[to] >= floors[from]:
		t.Errorf("%s imports %s: imports point down only", pkg, path)
	case from == "transport" && (to == "raftfsm" || to == "shard" || to == "waitroom"):
		t.Errorf("%s imports %s: the edge knows engine, never the log", pkg, path)
	case floors[from] == 0 && !isStd(path) && !ours:
		t.Errorf("%s imports %s: it stands on the standard library alone", pkg, path)
	case floors[from] == 0 && slices.ContainsFunc(impure, func(no string) bool { return path == no || strings.HasPrefix(path, no+"/") }):
		t.Errorf("%s imports %s: a call is a command and a time in, a result out", pkg, path)
	}
	for prefix, keeper := range keepers {
		if strings.HasPrefix(path, prefix) && from != keeper && from != "proptest" {
			t.Errorf("%s imports %s, which belongs to %q", pkg, path, keeper)
		}
	}
}

// TestGeneratorsAreKeyed wants waitroom to take nothing of math/rand/v2 but ChaCha8, whose output
// its key and its docs settle.
func TestGeneratorsAreKeyed(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "waitroom", "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	uses := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, use := range regexp.MustCompile(`\brand\.(\w+)`).FindAllSubmatch(src, -1) {
			if name := string(use[1]); name != "ChaCha8" && name != "NewChaCha8" {
				t.Errorf("%s takes rand.%s", file, name)
			}
			uses++
		}
	}
	if uses == 0 {
		t.Error("waitroom takes nothing of math/rand/v2: this test looks at nothing")
	}
}

// folder is the top folder of a package of this module.
func folder(path string) (string, bool) {
	rest, ok := strings.CutPrefix(path, module+"/")
	top, _, _ := strings.Cut(rest, "/")
	_, known := floors[top]
	return top, ok && known
}

// isStd tells a package of the standard library: its first element has no dot.
func isStd(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

func listPackages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", module+"/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
