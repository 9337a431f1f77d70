package raftfsm

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestLockDir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	l, err := LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if fi, err := os.Stat(dir); err != nil || fi.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v, %v", fi.Mode(), err)
	}
	_, err = LockDir(dir)
	var inUse *ErrDirInUse
	if !errors.As(err, &inUse) || inUse.Dir != dir || inUse.PID != os.Getpid() {
		t.Fatalf("the second in this process: %v", err)
	}
	mustClose(t, l)
	l, err = LockDir(dir)
	if err != nil {
		t.Fatalf("after Close: %v", err)
	}
	mustClose(t, l)
}

// The lock of a process that was killed is free.
func TestLockDirOtherProcess(t *testing.T) {
	if dir := os.Getenv("USHER_TEST_LOCK"); dir != "" {
		if _, err := LockDir(dir); err != nil {
			os.Exit(3)
		}
		os.Stdout.WriteString("locked\n")
		select {}
	}
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^TestLockDirOtherProcess$")
	cmd.Env = append(os.Environ(), "USHER_TEST_LOCK="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 16)
	if _, err := out.Read(buf); err != nil {
		t.Fatal(err)
	}
	_, err = LockDir(dir)
	var inUse *ErrDirInUse
	if !errors.As(err, &inUse) || inUse.PID != cmd.Process.Pid {
		t.Errorf("while process %d holds it: %v", cmd.Process.Pid, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	l, err := LockDir(dir)
	if err != nil {
		t.Fatalf("after it was killed: %v", err)
	}
	mustClose(t, l)
}
