package heat

import (
	"fmt"
	"time"
)

// HalfLife is the time in which counts halve, unless configured otherwise.
const HalfLife = 30 * time.Second

// minInterval is the shortest between two ticks.
const minInterval = 10 * time.Millisecond

// Config of a Heat; the zero value has all defaults.
type Config struct {
	HalfLife  time.Duration // of counts; 0 means 30 s, at least 1 s
	Interval  time.Duration // between ticks; 0 means 1 s, at least 10 ms
	MaxEvents int           // that are warm at once; 0 means 256, at least 1
	MaxBytes  int64         // of all pages; 0 means 64 MiB (3.2 million warm seats), at least a page (5376 bytes)
}

func (c Config) withDefaults() Config {
	if c.HalfLife == 0 {
		c.HalfLife = HalfLife
	}
	if c.Interval == 0 {
		c.Interval = time.Second
	}
	if c.MaxEvents == 0 {
		c.MaxEvents = 256
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = 64 << 20
	}
	return c
}

// Validate tells what is out of range.
func (c Config) Validate() error {
	switch d := c.withDefaults(); {
	case d.HalfLife < time.Second:
		return fmt.Errorf("heat: HalfLife is %v, at least 1s is possible", c.HalfLife)
	case d.Interval < minInterval:
		return fmt.Errorf("heat: Interval is %v, at least 10ms is possible", c.Interval)
	case d.MaxEvents < 1:
		return fmt.Errorf("heat: MaxEvents is %d, at least 1 is possible", c.MaxEvents)
	case d.MaxBytes < pageBytes:
		return fmt.Errorf("heat: MaxBytes is %d, a page has %d", c.MaxBytes, pageBytes)
	}
	return nil
}
