package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestThreePrograms runs the example as its comment says, and counts the seats.
func TestThreePrograms(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "member")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var join []string
	var held []net.Listener
	for range 3 {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		join = append(join, ln.Addr().String())
		held = append(held, ln) // so that no two are the same
	}
	for _, ln := range held {
		if err := ln.Close(); err != nil {
			t.Fatal(err)
		}
	}
	holds := make([]int, 3)
	var selling, running sync.WaitGroup
	sold := make(chan struct{})
	for i, id := range []string{"a", "b", "c"} {
		cmd := exec.Command(program, "-id", id, "-dir", filepath.Join(dir, id), "-listen", join[i], "-join", strings.Join(join, ","))
		cmd.Stderr = os.Stderr
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		selling.Add(1)
		running.Go(func() {
			if err := start(cmd, out, id, &holds[i]); err != nil {
				t.Errorf("%s: %v", id, err)
			}
			selling.Done()
			<-sold // the others need its vote
			if err := in.Close(); err != nil {
				t.Error(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("%s: %v", id, err)
			}
		})
	}
	selling.Wait()
	close(sold)
	running.Wait()
	if holds[0]+holds[1]+holds[2] != 200 {
		t.Errorf("they hold %v, of 200 seats", holds)
	}
}

func start(cmd *exec.Cmd, out io.Reader, id string, held *int) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return err
	}
	_, err = fmt.Sscanf(line, id+" holds %d seats", held)
	return err
}
