package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"usher": main}) }

// TestScripts runs the command line as people do; see testdata/script. Beside
// testscript's own commands there are:
//
//	server NAME [ARG…]   start usher ARG… and wait for its first line; $NAME is its
//	                     address, $NAME_ADDR without http://, $NAME_PID its process, $NAME_OPS the operators' address
//	                     (with $ULIMIT_F set its files may have so many blocks of 512 bytes)
//	ended NAME           wait for it to end by itself with a failure; what it said is in stderr
//	interrupt NAME       send SIGINT, wait, want exit status 0
//	kill9 NAME           send SIGKILL and wait
//	[!] http METHOD URL [BODY]   the answer is in stdout; ! wants a status of 400 or more
//	seats FILE N         write a chart of N seats, as CSV
//	truncate FILE N      cut a file off after N bytes
//	flip FILE            flip a bit in the middle of the text "somebody" in it
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			p := &processes{running: map[string]*process{}}
			env.Values["processes"] = p
			env.Defer(p.end)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"server": startServer, "interrupt": interrupt, "kill9": kill, "http": call, "flip": flip,
			"ended": ended, "seats": seats, "truncate": truncate,
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// processes are the servers of one script.
type processes struct {
	mu      sync.Mutex
	running map[string]*process
}

type process struct {
	cmd    *exec.Cmd
	ended  chan error
	stderr *lockedText
}

type lockedText struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lockedText) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (p *processes) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.running {
		_ = s.cmd.Process.Kill() // it may have ended
		<-s.ended
	}
}

func (p *processes) take(ts *testscript.TestScript, name string) *process {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.running[name]
	if s == nil {
		ts.Fatalf("no server %q", name)
	}
	delete(p.running, name)
	return s
}

var address = regexp.MustCompile(`http://[0-9.]+:[0-9]+`)

func startServer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: server NAME ARG…")
	}
	name := args[0]
	path, err := exec.LookPath("usher")
	ts.Check(err)
	cmd := exec.Command(path, args[1:]...)
	if limit := ts.Getenv("ULIMIT_F"); limit != "" {
		cmd = exec.Command("sh", append([]string{"-c", "ulimit -f " + limit + `; exec "$0" "$@"`, path}, args[1:]...)...)
	}
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(os.Environ(), "TMPDIR="+ts.Getenv("WORK"))
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	s := &process{cmd: cmd, ended: make(chan error, 1), stderr: &lockedText{}}
	cmd.Stderr = s.stderr
	ts.Check(cmd.Start())
	lines := make(chan string, 1)
	go s.follow(out, lines)
	p := ts.Value("processes").(*processes)
	p.mu.Lock()
	p.running[name] = s
	p.mu.Unlock()
	select {
	case line, ok := <-lines:
		if !ok {
			ts.Fatalf("server %s ended: %s", name, s.stderr)
		}
		urls := address.FindAllString(line, 2)
		ts.Setenv(name, urls[0])
		ts.Setenv(name+"_ADDR", strings.TrimPrefix(urls[0], "http://"))
		if len(urls) > 1 {
			ts.Setenv(name+"_OPS", urls[1])
		}
		ts.Setenv(name+"_PID", fmt.Sprint(cmd.Process.Pid))
	case <-time.After(30 * time.Second):
		ts.Fatalf("server %s says nothing: %s", name, s.stderr)
	}
}

// follow gives the first line with an address, reads on, and waits for the end.
func (s *process) follow(out io.Reader, first chan<- string) {
	in := bufio.NewScanner(out)
	for told := false; in.Scan(); {
		if !told && address.MatchString(in.Text()) {
			first <- in.Text()
			told = true
		}
	}
	close(first)
	s.ended <- s.cmd.Wait()
}

func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	s := ts.Value("processes").(*processes).take(ts, args[0])
	ts.Check(s.cmd.Process.Signal(syscall.SIGINT))
	select {
	case err := <-s.ended:
		if (err != nil) != neg {
			ts.Fatalf("it ended with %v: %s", err, s.stderr)
		}
	case <-time.After(30 * time.Second):
		_ = s.cmd.Process.Kill()
		ts.Fatalf("it does not end: %s", s.stderr)
	}
}

func ended(ts *testscript.TestScript, neg bool, args []string) {
	s := ts.Value("processes").(*processes).take(ts, args[0])
	select {
	case err := <-s.ended:
		if err == nil {
			ts.Fatalf("it ended as if all were well: %s", s.stderr)
		}
		_, err = io.WriteString(ts.Stderr(), s.stderr.String())
		ts.Check(err)
	case <-time.After(20 * time.Second):
		_ = s.cmd.Process.Kill()
		ts.Fatalf("it does not end by itself: %s", s.stderr)
	}
}

func truncate(ts *testscript.TestScript, neg bool, args []string) {
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), n))
}

func seats(ts *testscript.TestScript, neg bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	var b strings.Builder
	b.WriteString("seat_id,section,row,number,category\n")
	rng := rand.New(rand.NewPCG(1, 1)) // ids that do not compress
	for i := range n {
		fmt.Fprintf(&b, "%x-%d,main,%d,%d,seat\n", rng.Uint64(), i, i/100, i%100)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b.String()), 0o600))
}

func kill(ts *testscript.TestScript, neg bool, args []string) {
	s := ts.Value("processes").(*processes).take(ts, args[0])
	ts.Check(s.cmd.Process.Kill())
	<-s.ended
}

func call(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: http METHOD URL [BODY]")
	}
	body := ""
	if len(args) > 2 {
		body = args[2]
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	status, answer, err := request(ctx, args[0], args[1], body)
	for err == nil && status == http.StatusServiceUnavailable && (strings.Contains(answer, "starting") || strings.Contains(answer, "still applying")) {
		time.Sleep(50 * time.Millisecond)
		status, answer, err = request(ctx, args[0], args[1], body)
	}
	ts.Check(err)
	_, err = io.WriteString(ts.Stdout(), answer)
	ts.Check(err)
	if (status >= 400) != neg {
		ts.Fatalf("%s %s: status %d: %s", args[0], args[1], status, answer)
	}
}

func request(ctx context.Context, method, url, body string) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	return res.StatusCode, string(raw), err
}

// flip harms the first of the files that match.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	for _, pattern := range args {
		files, err := filepath.Glob(ts.MkAbs(pattern))
		ts.Check(err)
		for _, f := range files {
			raw, err := os.ReadFile(f)
			ts.Check(err)
			if i := strings.Index(string(raw), "somebody"); i >= 0 {
				raw[i+3] ^= 1
				ts.Check(os.WriteFile(f, raw, 0o600))
				return
			}
		}
	}
	ts.Fatalf("no file of %q has the text", args)
}
