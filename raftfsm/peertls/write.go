package peertls

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Permissions of what is written: a key is its owner's alone.
const (
	keyMode  = 0o600
	certMode = 0o644
)

// Write stores the pair, each file whole or not at all, the key first. What exists is an
// ErrExists that names it, and then neither is written; with force it is replaced.
func (p *Pair) Write(certFile, keyFile string, force bool) error {
	if err := Absent(force, certFile, keyFile); err != nil {
		return err
	}
	if err := writeFile(keyFile, p.Key, keyMode, force); err != nil {
		return err
	}
	return writeFile(certFile, p.Cert, certMode, force)
}

// WriteCert puts a copy of the CA's certificate at path, so that a folder has all that a
// node needs. The same one may be there already; another is an ErrExists without force.
func (ca *CA) WriteCert(path string, force bool) error {
	if there, err := readFile(path); err == nil && bytes.Equal(there, ca.text) {
		return nil
	}
	return writeFile(path, ca.text, certMode, force)
}

// Absent says which of the files exist, as an ErrExists; with force none is in the way.
func Absent(force bool, paths ...string) error {
	if force {
		return nil
	}
	for _, path := range paths {
		_, err := os.Lstat(path)
		if err == nil {
			return fmt.Errorf("%s: %w", path, ErrExists)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// writeFile writes beside the path and moves what is complete there.
func writeFile(path string, text []byte, mode fs.FileMode, force bool) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // 0600
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = place(f.Name(), path, force)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("%s: %w", path, err), remove(f.Name()))
	}
	return syncDir(filepath.Dir(path))
}

// place gives a complete file its name. Without force it is a link, as only that fails
// when the name is taken.
func place(from, to string, force bool) error {
	if force {
		return os.Rename(from, to)
	}
	if err := os.Link(from, to); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return ErrExists
		}
		return err
	}
	return os.Remove(from)
}

func remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
