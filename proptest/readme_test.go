package proptest

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

const repository = ".."

// blocks are the README's fenced blocks of a language.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		found = append(found, m[1])
	}
	return found
}

// runProgram runs a program to its end, within two minutes, and returns what it wrote.
func runProgram(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var out, wrong bytes.Buffer
	c := exec.CommandContext(ctx, name, args...)
	c.Dir, c.Env, c.Stdout, c.Stderr = dir, append(os.Environ(), env...), &out, &wrong
	c.WaitDelay = time.Second
	if err := c.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out.Bytes(), wrong.Bytes())
	}
	return out.String()
}

// TestReadmeProgram builds the README's program in a module of its own, with the versions
// of this one, and wants it to print what the README says.
func TestReadmeProgram(t *testing.T) {
	program, prints := blocks(t, "go"), blocks(t, "text")
	if len(program) != 1 || len(prints) == 0 {
		t.Fatalf("%d programs, %d outputs in the README", len(program), len(prints))
	}
	dir := t.TempDir()
	mod, err := os.ReadFile(filepath.Join(repository, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs(repository)
	if err != nil {
		t.Fatal(err)
	}
	outside := strings.Replace(string(mod), "module "+module, "module example.com/reader", 1) +
		"\nrequire " + module + " v0.0.0\nreplace " + module + " => " + root + "\n"
	writeText(t, filepath.Join(dir, "go.mod"), outside)
	writeText(t, filepath.Join(dir, "main.go"), program[0])
	sums, err := os.ReadFile(filepath.Join(repository, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	writeText(t, filepath.Join(dir, "go.sum"), string(sums))
	got := runProgram(t, dir, []string{"GOFLAGS=-mod=mod"}, "go", "run", ".")
	if got != prints[0] {
		t.Errorf("the program prints\n%s\nthe README says\n%s", got, prints[0])
	}
}

func writeText(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestReadmeNode follows the README's other ways of use, one after the other, against one
// node: commands and curl, the JavaScript client, frames of the websocket.
func TestReadmeNode(t *testing.T) {
	for _, name := range []string{"bash", "curl", "grep", "node"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("the README's commands want %s", name)
		}
	}
	dir := t.TempDir()
	shell := blocks(t, "sh")
	if len(shell) != 3 || !strings.HasPrefix(shell[0], "go build -o usher ./cmd/usher\n./usher serve --data ") {
		t.Fatalf("the README's commands are %q", shell)
	}
	runProgram(t, repository, nil, "go", "build", "-o", filepath.Join(dir, "usher"), "./cmd/usher")
	root, err := filepath.Abs(repository)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(root, "transport"), filepath.Join(dir, "transport")); err != nil {
		t.Fatal(err)
	}
	addr := serveNode(t, dir, strings.Fields(strings.Split(shell[0], "\n")[1]))
	here := strings.NewReplacer("127.0.0.1:8080", addr)

	out := runProgram(t, dir, []string{"USHER_SERVER=http://" + addr}, "bash", "-euo", "pipefail", "-c", here.Replace(shell[1]))
	if !strings.Contains(out, `"status":"booked"`) {
		t.Errorf("the commands said\n%s", out)
	}

	out = runProgram(t, dir, nil, "bash", "-euo", "pipefail", "-c", here.Replace(shell[2]))
	if !strings.Contains(out, `"status":"held"`) {
		t.Errorf("the waiting room's commands said\n%s", out)
	}

	script := here.Replace(blocks(t, "js")[0])
	script = strings.Replace(script, "http://"+addr+"/usher.js", filepath.Join(root, "transport/web/static/usher.js"), 1)
	script = "setTimeout(() => process.exit(0), 4000);\n" + script // what is watched keeps it alive
	writeText(t, filepath.Join(dir, "shop.mjs"), script)
	out = runProgram(t, dir, nil, "node", "--no-warnings", "--experimental-websocket", "shop.mjs")
	for _, want := range []string{`version \d+: \d+ free\n`, `(?m)^booked$`} { // deltas may have come with the snapshot
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("the script said\n%swithout %q", out, want)
		}
	}

	speakFrames(t, "ws://"+addr+"/v1/live", blocks(t, "text")[1])
}

// serveNode starts the command on ports of its own, and waits until it is ready.
func serveNode(t *testing.T, dir string, command []string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	c := exec.Command(command[0], command[1:]...)
	c.Dir, c.Stderr = dir, &log
	c.Env = append(os.Environ(), "USHER_LISTEN="+addr, "USHER_ADMIN_LISTEN=off", "USHER_LOG_LEVEL=warn")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Signal(os.Interrupt)
		if err := c.Wait(); err != nil {
			t.Errorf("serve ended with %v:\n%s", err, log.Bytes())
		}
	})
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		res, err := http.Get("http://" + addr + "/v1/events")
		if err == nil {
			err = res.Body.Close()
		}
		if err == nil && res.StatusCode == http.StatusOK {
			return addr
		}
		if time.Now().After(end) {
			t.Fatalf("the node does not get ready: %v", err)
		}
	}
}

// speakFrames sends the frames behind → and wants the answer to begin as the one behind ←.
func speakFrames(t *testing.T, url, frames string) {
	t.Helper()
	ws, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	lines := strings.Split(frames, "\n")
	ask, _ := strings.CutPrefix(lines[0], "→ ")
	want, _, _ := strings.Cut(strings.TrimPrefix(lines[1], "← "), "…")
	if err := ws.WriteMessage(websocket.TextMessage, []byte(ask)); err != nil {
		t.Fatal(err)
	}
	_ = ws.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, got, err := ws.ReadMessage()
	if err != nil || !strings.HasPrefix(string(got), want) || !strings.Contains(string(got), `"version":6,`) {
		t.Errorf("%s is answered with\n%s %v\nthe README says\n%s", ask, got, err, lines[1])
	}
}

// TestDocsNameWhatThereIs wants every test and file that the documents name to exist.
func TestDocsNameWhatThereIs(t *testing.T) {
	tests := testNames(t)
	docs, err := filepath.Glob(filepath.Join(repository, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	testName := regexp.MustCompile(`\b(?:Test|Fuzz|Benchmark)[A-Z][A-Za-z0-9]+\b`)
	fileName := regexp.MustCompile(`\b(?:shard|waitroom|raftfsm|engine|transport|cmd|proptest|docs|deploy)/[A-Za-z0-9_./*-]*[A-Za-z0-9]\b`)
	for _, doc := range append(docs, filepath.Join(repository, "README.md")) {
		text, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range testName.FindAllString(string(text), -1) {
			if !tests[name] {
				t.Errorf("%s names %s, which is not there", doc, name)
			}
		}
		for _, name := range fileName.FindAllString(string(text), -1) {
			if found, err := filepath.Glob(filepath.Join(repository, name)); err != nil || len(found) == 0 {
				t.Errorf("%s names %s, which is not there", doc, name)
			}
		}
	}
}

func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
	err := filepath.WalkDir(repository, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range declared.FindAllSubmatch(text, -1) {
			names[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestReadmeCluster runs the README's three nodes, on other ports.
func TestReadmeCluster(t *testing.T) {
	for _, name := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("the README's commands want %s", name)
		}
	}
	script := blocks(t, "bash")
	if len(script) != 1 {
		t.Fatalf("%d clusters in the README", len(script))
	}
	dir := t.TempDir()
	runProgram(t, repository, nil, "go", "build", "-o", filepath.Join(dir, "usher"), "./cmd/usher")
	root, err := filepath.Abs(repository)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(root, "transport"), filepath.Join(dir, "transport")); err != nil {
		t.Fatal(err)
	}
	var ports []string
	for _, decade := range []string{"127.0.0.1:808", "127.0.0.1:909", "127.0.0.1:700"} {
		ports = append(ports, decade, "127.0.0.1:"+freeDecade(t))
	}
	// Whatever happens, no node outlives the test.
	end := "trap 'kill -9 $(jobs -p) 2>/dev/null; wait' EXIT\n"
	out := runProgram(t, dir, nil, "bash", "-euo", "pipefail", "-mc", end+strings.NewReplacer(ports...).Replace(script[0]))
	if !strings.Contains(out, `"status":"held"`) || strings.Count(out, "active") != 3 {
		logs, _ := filepath.Glob(filepath.Join(dir, "node-*.log"))
		for _, log := range logs {
			text, _ := os.ReadFile(log) // what there is of it
			t.Logf("%s\n%s", log, text)
		}
		t.Errorf("the commands said\n%s", out)
	}
}

// freeDecade is a port without its last digit: 1, 2 and 3 behind it are free.
func freeDecade(t *testing.T) string {
	t.Helper()
	for base := 2000 + os.Getpid()%1000; base < 6000; base++ {
		free := true
		for n := 1; n <= 3 && free; n++ {
			ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d%d", base, n))
			if free = err == nil; free {
				if err := ln.Close(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if free && !decades[base] {
			decades[base] = true
			return fmt.Sprint(base)
		}
	}
	t.Fatal("no three ports in a row are free")
	return ""
}

var decades = map[int]bool{} // given out
