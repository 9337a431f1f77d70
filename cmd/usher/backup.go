package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/usherhq/usher/engine"
)

// backupCmd is GET /backup of the operations listener.
type backupCmd struct {
	Out   string `placeholder:"FILE" help:"Where to; - is standard output. Default: usher-TIME.backup."`
	Force bool   `help:"Replace a file that is there."`
	JSON  bool   `name:"json" help:"Report as one line of JSON."`
	adminFlag
}

// backupReport is what was written.
type backupReport struct {
	File  string `json:"file"`
	Bytes int64  `json:"bytes"`
	*engine.BackupReport
}

// Run writes a backup, and verifies it as it comes: a file that has its name is whole.
func (c *backupCmd) Run(ctx context.Context, t *term) error {
	server, err := c.client()
	if err != nil {
		return err
	}
	if c.Out == "" {
		c.Out = time.Now().UTC().Format("usher-20060102T150405Z.backup")
	}
	if err := c.mayWrite(); err != nil {
		return err
	}
	body, err := openBackup(ctx, server.base)
	if err != nil {
		return err
	}
	defer body.Close()
	if c.Out == "-" {
		rep, err := c.copy(t.out, body)
		if err != nil {
			return err
		}
		return c.report(&term{out: t.err, err: t.err}, rep) // the output is the backup's
	}
	rep, err := c.save(body)
	if err != nil {
		return err
	}
	return c.report(t, rep)
}

// mayWrite wants nothing in the way.
func (c *backupCmd) mayWrite() error {
	if c.Out == "-" || c.Force {
		return nil
	}
	if _, err := os.Lstat(c.Out); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s exists: give --force to replace it", c.Out)
	}
	return nil
}

// backupClient waits for the groups to stand still, and then as long as it takes.
var backupClient = &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, ResponseHeaderTimeout: 2 * time.Minute}}

// openBackup begins to read a backup. It is to be closed.
func openBackup(ctx context.Context, u *url.URL) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(u.String(), "/")+"/backup", nil)
	if err != nil {
		return nil, err
	}
	res, err := backupClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("no answer from %s: %w", u, unwrapURL(err))
	}
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	switch {
	case res.StatusCode == http.StatusOK && kind == "application/octet-stream":
		return res.Body, nil
	case kind == "application/problem+json":
		raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
		if err == nil {
			err = problemFrom(raw)
		}
		return nil, errors.Join(err, res.Body.Close())
	}
	err = fmt.Errorf("%s answered %s with %q: is this the operations listener of an usher server?", u, res.Status, kind)
	return nil, errors.Join(err, res.Body.Close())
}

// copy writes the backup on and verifies it meanwhile.
func (c *backupCmd) copy(w io.Writer, body io.Reader) (*backupReport, error) {
	n := &byteCount{}
	rep, err := engine.VerifyBackup(io.TeeReader(body, io.MultiWriter(w, n)))
	if err != nil {
		return nil, fmt.Errorf("what came from %s is not used: %w", c.Admin, err)
	}
	return &backupReport{File: c.Out, Bytes: n.n, BackupReport: rep}, nil
}

type byteCount struct{ n int64 }

func (c *byteCount) Write(b []byte) (int, error) {
	c.n += int64(len(b))
	return len(b), nil
}

// save writes the file under another name, makes it durable, and only then gives it its own.
func (c *backupCmd) save(body io.Reader) (rep *backupReport, err error) {
	dir := filepath.Dir(c.Out)
	f, err := os.CreateTemp(dir, "."+filepath.Base(c.Out)+".*") // 0600: it has everybody's holds
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	rep, err = c.copy(f, body)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if err := c.mayWrite(); err != nil { // somebody may have been quicker
		return nil, err
	}
	if err := os.Rename(f.Name(), c.Out); err != nil {
		return nil, err
	}
	return rep, syncFolder(dir)
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (c *backupCmd) report(t *term, rep *backupReport) error {
	if c.JSON {
		return t.json(rep)
	}
	t.printf("%s: %d bytes, verified. Made %s.\n", rep.File, rep.Bytes, rep.Manifest.MadeAt.Format(time.RFC3339))
	return printTotals(t, rep.Groups)
}
