package proptest_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// clusterNode is one process of `usher serve`, started, stopped and killed again and again. Its
// addresses stay the same. Only the test's goroutine calls it.
type clusterNode struct {
	binary string
	id     string
	dir    string
	log    string // file that all its processes write to
	api    string // http://host:port; so is ops
	ops    string
	raft   string   // host:port that it listens on
	addr   string   // host:port where others find that
	peers  []string // flags that say how nodes know each other
	flags  []string

	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended; err is why
	err  error
}

// start starts the process, and does not wait for it.
func (n *clusterNode) start(t *testing.T) {
	t.Helper()
	out, err := os.OpenFile(n.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close() // the process has its own
	n.cmd = exec.Command(n.binary, append([]string{
		"serve", "--data", n.dir, "--listen", hostOf(n.api), "--admin-listen", hostOf(n.ops),
		"--node-id", n.id, "--raft-listen", n.raft, "--raft-advertise", n.addr,
	}, slices.Concat(n.peers, n.flags)...)...)
	n.cmd.Stdout, n.cmd.Stderr = out, out
	// A test that ends by a panic or a time-out has no clean-up.
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	clusterStarter() <- func() { started <- n.cmd.Start() }
	if err := <-started; err != nil {
		t.Fatalf("node %s: %v", n.id, err)
	}
	n.done, n.err = make(chan struct{}), nil
	go func() {
		n.err = n.cmd.Wait()
		close(n.done)
	}()
}

// clusterStarter starts processes on a thread that lives as long as the tests do: with Pdeathsig a
// process ends with the thread that started it, and Go's threads come and go.
var clusterStarter = sync.OnceValue(func() chan<- func() {
	todo := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range todo {
			f()
		}
	}()
	return todo
})

func hostOf(url string) string { return strings.TrimPrefix(url, "http://") }

func (n *clusterNode) runs() bool {
	if n.done == nil {
		return false
	}
	select {
	case <-n.done:
		return false
	default:
		return true
	}
}

func (n *clusterNode) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := n.cmd.Process.Signal(s); err != nil {
		t.Errorf("node %s: %v: %v", n.id, s, err)
	}
}

// kill ends the process as a power cut would, as far as the process is concerned.
func (n *clusterNode) kill(t *testing.T) {
	t.Helper()
	n.signal(t, syscall.SIGKILL)
	<-n.done
	if n.err == nil || !strings.Contains(n.err.Error(), "killed") {
		t.Errorf("node %s had ended by itself: %v", n.id, n.err)
	}
}

// stop ends it gently.
func (n *clusterNode) stop(t *testing.T) {
	t.Helper()
	n.signal(t, syscall.SIGTERM)
	err := n.ended(15 * time.Second)
	if n.runs() {
		n.signal(t, syscall.SIGQUIT) // its log is to say where it hangs
		<-n.done
	}
	if err != nil {
		t.Errorf("node %s after SIGTERM: %v", n.id, err)
	}
}

// ended waits for the process's end, and gives its exit status as an error.
func (n *clusterNode) ended(patience time.Duration) error {
	select {
	case <-n.done:
		return n.err
	case <-time.After(patience):
		return fmt.Errorf("still running after %v", patience)
	}
}

// refused wants the process to end by itself with a failure, and gives what it wrote since from.
func (n *clusterNode) refused(t *testing.T, from int64) string {
	t.Helper()
	err := n.ended(time.Minute)
	text := n.text(from)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() <= 0 {
		t.Errorf("node %s: want an end by itself with a failure: %v; it wrote: %s", n.id, err, text)
	}
	return text
}

// wrote is how many bytes the node has logged so far.
func (n *clusterNode) wrote() int64 {
	info, err := os.Stat(n.log)
	if err != nil {
		return 0
	}
	return info.Size()
}

// text is what the node has logged since it had written from bytes.
func (n *clusterNode) text(from int64) string {
	raw, err := os.ReadFile(n.log)
	if err != nil {
		return err.Error()
	}
	return string(raw[min(from, int64(len(raw))):])
}

// end makes sure that no process is left.
func (n *clusterNode) end() {
	if n.runs() {
		_ = n.cmd.Process.Kill() // it may have ended just now
		<-n.done
	}
}
