package proptest_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/usherhq/usher/proptest"
)

// killServer is `usher serve` on one data folder, started and killed again and again.
type killServer struct {
	binary string
	dir    string
	api    *killAPI
	cmd    *exec.Cmd
	errors *killText
	read   sync.WaitGroup
}

// killText is a process's standard error.
type killText struct {
	mu   sync.Mutex
	text strings.Builder
}

func (k *killText) Write(b []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.text.Write(b)
}

func (k *killText) String() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.text.String()
}

// buildUsher builds the real binary, once for all tests; with USHER_PROPTEST_RACE set, with the race
// detector in it.
var buildUsher = sync.OnceValues(func() (string, error) {
	path := filepath.Join(proptest.Scratch, "usher")
	args := []string{"build", "-o", path}
	if os.Getenv("USHER_PROPTEST_RACE") != "" {
		args = append(args, "-race")
	}
	out, err := exec.Command("go", append(args, "github.com/usherhq/usher/cmd/usher")...).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, err
})

func usherBinary(t *testing.T) string {
	t.Helper()
	path, err := buildUsher()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func newKillServer(t *testing.T) *killServer {
	s := &killServer{binary: usherBinary(t), dir: filepath.Join(t.TempDir(), "data"), api: newKillAPI()}
	t.Cleanup(func() {
		if s.cmd != nil {
			s.kill(t)
		}
		s.api.client.CloseIdleConnections()
	})
	return s
}

var killAddress = regexp.MustCompile(`http://[0-9.:]+`)

// start starts the server and waits until it is ready.
func (s *killServer) start(t *testing.T) {
	t.Helper()
	s.errors = &killText{}
	s.cmd = exec.Command(s.binary, "serve", "--data", s.dir, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--groups", "2", "--log-level", "warn")
	s.cmd.Stderr = s.errors
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(out)
	line, err := in.ReadString('\n')
	urls := killAddress.FindAllString(line, 2)
	if err != nil || len(urls) != 2 {
		t.Fatalf("the server said %q, %v; on standard error: %s", line, err, s.errors)
	}
	s.read.Go(func() { _, _ = io.Copy(io.Discard, in) }) // until the process ends
	s.api.base = urls[0]
	s.waitReady(t, urls[1])
}

func (s *killServer) waitReady(t *testing.T, ops string) {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		a, err := (&killAPI{base: ops, client: s.api.client}).do(killWrite{method: http.MethodGet, path: "/readyz"})
		if err == nil && a.status == http.StatusOK {
			return
		}
		if time.Now().After(until) {
			t.Fatalf("it is not ready: %v %s; on standard error: %s", err, a.body, s.errors)
		}
	}
}

// kill ends the process as a power cut would, as far as the process is concerned.
func (s *killServer) kill(t *testing.T) {
	if err := s.cmd.Process.Kill(); err != nil {
		t.Errorf("kill: %v; on standard error: %s", err, s.errors)
	}
	s.read.Wait()
	if err := s.cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("the server had ended by itself: %v; on standard error: %s", err, s.errors)
	}
	s.cmd = nil
}

// stop ends it gently.
func (s *killServer) stop(t *testing.T) {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	s.read.Wait()
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v; on standard error: %s", err, s.errors)
	}
	s.cmd = nil
}
