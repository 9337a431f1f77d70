package peertls

import (
	"bytes"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Files are the paths of a node's security, all PEM: its certificate, with intermediates
// behind it if there are any; the certificate's private key, not encrypted; and the
// certificates of the CA, several while one takes over from another.
type Files struct{ Cert, Key, CA string }

func (f Files) paths() [3]string { return [3]string{f.Cert, f.Key, f.CA} }

// maxFile bounds what is read of a file, in bytes.
const maxFile = 1 << 20

// contents are the bytes of certificate, key and CA.
type contents [3][]byte

func (c contents) equal(o contents) bool {
	for i := range c {
		if !bytes.Equal(c[i], o[i]) {
			return false
		}
	}
	return true
}

// digest tells contents apart.
func (c contents) digest() string {
	h := sha256.New()
	for _, b := range c {
		fmt.Fprintf(h, "%d:", len(b))
		h.Write(b)
	}
	return string(h.Sum(nil))
}

func (f Files) read() (contents, error) {
	var c contents
	for i, path := range f.paths() {
		b, err := readFile(path)
		if err != nil {
			return c, err
		}
		c[i] = b
	}
	return c, nil
}

// readFile reads a regular file of bounded size: a pipe would be waited for without end.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err // it names the path
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(b) > maxFile {
		return nil, fmt.Errorf("%s: larger than %d bytes", path, maxFile)
	}
	return b, nil
}

// certificateBlocks gives the DER of each certificate in PEM text.
func certificateBlocks(path string, text []byte) ([][]byte, error) {
	var blocks [][]byte
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type == "CERTIFICATE" {
			blocks = append(blocks, block.Bytes)
		}
	}
	if len(blocks) == 0 {
		return nil, fmt.Errorf("%s: no certificate in PEM form", path)
	}
	return blocks, nil
}

// look is how the three files looked from outside, and when.
type look struct {
	at    time.Time
	infos [3]os.FileInfo // nil if the file could not be looked at
}

// lookAt follows symbolic links, so that the usual swap of a link is seen as a new file.
func (f Files) lookAt(now time.Time) look {
	l := look{at: now}
	for i, path := range f.paths() {
		if info, err := os.Stat(path); err == nil {
			l.infos[i] = info
		}
	}
	return l
}

// settled is how old a change has to be before a look is trusted to have seen it: a second
// write within one tick of the file system's clock leaves time and size as they were.
const settled = 2 * time.Second

// holds says that the files are as they were at l, given a later look.
func (l look) holds(later look) bool {
	for i, was := range l.infos {
		is := later.infos[i]
		if was == nil || is == nil || !os.SameFile(was, is) || was.Size() != is.Size() ||
			!was.ModTime().Equal(is.ModTime()) || l.at.Sub(was.ModTime()) < settled {
			return false
		}
	}
	return true
}
