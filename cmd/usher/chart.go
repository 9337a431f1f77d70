package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/usherhq/usher/engine"
)

// chartImportCmd is PUT /v1/charts/{chart_id}.
type chartImportCmd struct {
	File    string `arg:"" help:"The seat map; - for standard input."`
	ChartID string `required:"" placeholder:"ID" help:"Name to store it under."`
	Format  string `enum:",usher,csv,pretix,seatsio" default:"" placeholder:"FORMAT" help:"usher, csv, pretix or seatsio; guessed from the file if absent."`
	JSON    bool   `name:"json" help:"Report as one line of JSON."`
	serverFlag
}

// Run stores the chart, or lists what is wrong with it.
func (c *chartImportCmd) Run(ctx context.Context, t *term) error {
	server, err := c.api()
	if err != nil {
		return err
	}
	file, size, err := c.open(t)
	if err != nil {
		return err
	}
	defer file.Close()
	in := bufio.NewReader(file)
	path := "/v1/charts/" + url.PathEscape(c.ChartID)
	if c.Format != "" {
		path += "?format=" + c.Format
	}
	status, raw, err := server.call(ctx, http.MethodPut, path, c.mediaType(in), in, size)
	var bad *apiProblem
	if errors.As(err, &bad) && len(bad.Problems) > 0 {
		return c.refused(t, raw, bad)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	return c.stored(t, status, raw)
}

// open gives the file and its size, -1 if it is not known.
func (c *chartImportCmd) open(t *term) (io.ReadCloser, int64, error) {
	if c.File == "-" {
		return io.NopCloser(t.in), -1, nil
	}
	f, err := os.Open(c.File)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a folder", c.File)
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	if !info.Mode().IsRegular() {
		return f, -1, nil
	}
	return f, info.Size(), nil
}

// mediaType says what the body is: by the format, the file's name, or its first byte.
func (c *chartImportCmd) mediaType(in *bufio.Reader) string {
	const csv, json = "text/csv", "application/json"
	switch {
	case c.Format == "csv":
		return csv
	case c.Format != "":
		return json
	}
	switch strings.ToLower(filepath.Ext(c.File)) {
	case ".csv":
		return csv
	case ".json":
		return json
	}
	head, _ := in.Peek(512)
	if text := strings.TrimLeft(strings.TrimPrefix(string(head), "\ufeff"), " \t\r\n"); strings.HasPrefix(text, "{") {
		return json
	}
	return csv
}

func (c *chartImportCmd) stored(t *term, status int, raw json.RawMessage) error {
	if c.JSON {
		return t.rawJSON(raw)
	}
	var info engine.ChartInfo
	if err := json.Unmarshal(raw, &info); err != nil {
		return fmt.Errorf("the server's answer: %w", err)
	}
	said := "stored"
	if status == http.StatusOK {
		said = "was there already"
	}
	t.printf("chart %s %s: %d seats in %d sections, %d categories, %d areas, sha256 %s\n",
		info.ChartID, said, info.Seats, info.Sections, info.Categories, info.Areas, info.SHA256)
	return nil
}

// refused lists every problem with its place.
func (c *chartImportCmd) refused(t *term, raw json.RawMessage, bad *apiProblem) error {
	if c.JSON {
		line, err := oneLine(raw)
		if err != nil {
			return err
		}
		if _, err := t.out.Write(line); err != nil {
			return err
		}
	} else {
		for _, p := range bad.Problems {
			t.printf("%s: %s: %s\n", c.File, p.Where, p.Problem)
		}
	}
	return fmt.Errorf("%s: %s, nothing was stored (%d %s)", c.File, counted(len(bad.Problems), "problem"), bad.Status, bad.Code)
}
