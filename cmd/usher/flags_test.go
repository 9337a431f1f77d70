package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/usherhq/usher/engine"
)

func TestParsePrice(t *testing.T) {
	for text, want := range map[string]engine.Money{
		"premium=12000EUR": {Amount: 12000, Currency: "EUR"},
		"a=b=1JPY":         {Amount: 1, Currency: "JPY"},
		"free=0EUR":        {Amount: 0, Currency: "EUR"},
	} {
		category, got, err := parsePrice(text)
		if err != nil || got != want || category != text[:strings.LastIndex(text, "=")] {
			t.Errorf("%s: %q, %+v, %v", text, category, got, err)
		}
	}
	for _, text := range []string{"", "premium", "=1EUR", "x=EUR", "x=1", "x=1eur", "x=-1EUR", "x=1.5EUR", "x=1EURO", "x=99999999999999999EUR"} {
		if _, _, err := parsePrice(text); err == nil {
			t.Errorf("%q was taken for a price", text)
		}
	}
}

func TestParseRoom(t *testing.T) {
	if room, err := parseRoom("5000,1200"); err != nil || room.MaxActive != 5000 || room.NewPerMinute != 1200 {
		t.Errorf("%+v, %v", room, err)
	}
	for _, text := range []string{"", "5000", "5000,", ",1200", "5000,1200,1", "-1,5", "a,b", "5000, 1200", "9999999999,1"} {
		if _, err := parseRoom(text); err == nil {
			t.Errorf("%q was taken for a waiting room", text)
		}
	}
}

func TestIsLoopback(t *testing.T) {
	for addr, want := range map[string]bool{
		"127.0.0.1:80": true, "127.9.9.9:80": true, "[::1]:80": true, "localhost:80": true,
		":80": false, "0.0.0.0:80": false, "[::]:80": false, "10.0.0.1:80": false, "example.com:80": false,
	} {
		if got, err := isLoopback(addr); err != nil || got != want {
			t.Errorf("%s: %v, %v", addr, got, err)
		}
	}
	if _, err := isLoopback("127.0.0.1"); err == nil {
		t.Error("an address without a port was taken")
	}
}

// An error is one line, whatever was joined and wrapped into it.
func TestComplain(t *testing.T) {
	var out lockedText
	tm := &term{err: &stickyWriter{w: &out}}
	tm.complain(errors.Join(errors.New("usher: one"), errors.New("two\nthree")))
	if got := out.String(); got != "usher: one; two; three\n" {
		t.Errorf("said %q", got)
	}
}

// A report that cannot be written is a failure.
func TestBrokenOutput(t *testing.T) {
	var errs lockedText
	if code := run(t.Context(), []string{"--help"}, nil, brokenPipe{}, &errs); code == 0 {
		t.Error("help into a closed pipe passes for given")
	}
	c := &checkCmd{Data: []string{t.TempDir()}, JSON: true}
	tm := &term{out: &stickyWriter{w: brokenPipe{}}, err: &stickyWriter{w: &errs}}
	if err := tm.json(c); err == nil || tm.out.err == nil {
		t.Error("a report into a closed pipe passes for made")
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }
