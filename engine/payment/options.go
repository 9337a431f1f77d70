package payment

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
)

// Outcome is how a sandbox payment is to go.
type Outcome string

// The outcomes of a sandbox payment.
const (
	OutcomeSuccess Outcome = ""        // authorized after the delay
	OutcomeDecline Outcome = "decline" // refused after the delay
	OutcomeTimeout Outcome = "timeout" // never answered, never made
	OutcomeLate    Outcome = "late"    // authorized at once, answered after the delay
	OutcomeTwice   Outcome = "twice"   // processed twice under one key: still one payment
)

const (
	maxDelay = 60 * time.Second
	// defaultLate is longer than checkout waits for an answer (10 s), or it would not be
	// late.
	defaultLate = 12 * time.Second
)

// Options is a sandbox's payment object:
// {"method":"sandbox","outcome"?:"decline"|"timeout"|"late"|"twice","delay_ms"?:0…60000}.
type Options struct {
	Outcome Outcome
	Delay   time.Duration
}

// ParseOptions reads a payment object strictly. No options at all (nil) mean success.
// The error wraps ErrBadOptions and names the field.
func ParseOptions(raw json.RawMessage) (Options, error) {
	if len(raw) == 0 {
		return Options{}, nil
	}
	fields, err := members(raw)
	if err != nil {
		return Options{}, err
	}
	var o Options
	delayed := false
	for name, value := range fields {
		switch name {
		case "method":
			err = parseMethod(value)
		case "outcome":
			o.Outcome, err = parseOutcome(value)
		case "delay_ms":
			delayed = true
			o.Delay, err = parseDelay(value)
		default:
			err = badOption(name, "is not a field of a sandbox payment")
		}
		if err != nil {
			return Options{}, err
		}
	}
	if o.Outcome == OutcomeLate && !delayed {
		o.Delay = defaultLate
	}
	return o, nil
}

func parseMethod(value json.RawMessage) error {
	var method string
	if json.Unmarshal(value, &method) != nil || method != "sandbox" {
		return badOption("method", `must be "sandbox"`)
	}
	return nil
}

func parseOutcome(value json.RawMessage) (Outcome, error) {
	var text string
	if value[0] == '"' {
		_ = json.Unmarshal(value, &text) // one whole JSON value, so it cannot fail
	}
	switch o := Outcome(text); o {
	case OutcomeDecline, OutcomeTimeout, OutcomeLate, OutcomeTwice:
		return o, nil
	}
	return "", badOption("outcome", "must be one of decline, timeout, late, twice")
}

func parseDelay(value json.RawMessage) (time.Duration, error) {
	ms, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil || ms < 0 || ms > maxDelay.Milliseconds() {
		return 0, badOption("delay_ms", fmt.Sprintf("must be a whole number from 0 to %d", maxDelay.Milliseconds()))
	}
	return time.Duration(ms) * time.Millisecond, nil
}

// members splits one JSON object. encoding/json into a struct would take a field given
// twice, or in another case, for what it is not.
func members(raw json.RawMessage) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, fmt.Errorf("%w: not a JSON object", ErrBadOptions)
	}
	fields := map[string]json.RawMessage{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrBadOptions, err)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrBadOptions, err)
		}
		if _, twice := fields[key.(string)]; twice {
			return nil, badOption(key.(string), "is given twice")
		}
		fields[key.(string)] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadOptions, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: something follows the object", ErrBadOptions)
	}
	return fields, nil
}

func badOption(field, problem string) error {
	return fmt.Errorf("%w: payment.%s %s", ErrBadOptions, field, problem)
}
