package raftfsm

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const lockFileName = "LOCK"

// ErrDirInUse says that another node, in this process or in another, has the data folder open.
type ErrDirInUse struct {
	Dir string
	PID int // 0 if the holder has not written it
}

func (e *ErrDirInUse) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("usher: data folder %s is in use", e.Dir)
	}
	return fmt.Sprintf("usher: data folder %s is in use by process %d", e.Dir, e.PID)
}

// DirLock is an exclusive hold on a data folder. The kernel frees it when the process dies, so
// there is never a stale one.
type DirLock struct{ f *os.File }

// LockDir makes dir, 0700, if it is missing and takes it. It never waits: a folder in use is an
// *ErrDirInUse.
func LockDir(dir string) (*DirLock, error) {
	if err := makeDir(dir); err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, lockFileName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	// flock, not fcntl: it belongs to the open file, so it also keeps out a second node in this process.
	if err := flock(f); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = &ErrDirInUse{Dir: dir, PID: readPID(f)}
		}
		return nil, errors.Join(err, f.Close())
	}
	if err := writePID(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &DirLock{f}, nil
}

func flock(f *os.File) error {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// Close gives the folder free. The file stays: removing it would let two openers hold locks on two
// files of one name.
func (l *DirLock) Close() error { return l.f.Close() }

func writePID(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

func readPID(f *os.File) int {
	var buf [32]byte
	n, _ := f.ReadAt(buf[:], 0)
	pid, _ := strconv.Atoi(strings.TrimSpace(string(buf[:n])))
	return pid
}
