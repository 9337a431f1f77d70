package raftfsm

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// fakeClock is a machine whose clocks a test moves.
type fakeClock struct {
	mu    sync.Mutex
	wall  time.Time
	mono  time.Duration
	boot  string
	since time.Duration
}

func newFakeClock() *fakeClock {
	return &fakeClock{wall: time.Date(2026, 8, 16, 19, 30, 0, 0, time.UTC), boot: "b1", since: time.Hour}
}

func (c *fakeClock) Wall() time.Time          { c.mu.Lock(); defer c.mu.Unlock(); return c.wall }
func (c *fakeClock) Monotonic() time.Duration { c.mu.Lock(); defer c.mu.Unlock(); return c.mono }
func (c *fakeClock) Boot() (string, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.boot, c.since
}

// pass lets time go by on all clocks, jump moves the wall clock alone.
func (c *fakeClock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall, c.mono, c.since = c.wall.Add(d), c.mono+d, c.since+d
}

func (c *fakeClock) jump(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall = c.wall.Add(d)
}

func wantTime(t *testing.T, what string, got, want int64) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %d, off by %d ms", what, got, got-want)
	}
}

func TestClockFirstStartIsWall(t *testing.T) {
	c := newFakeClock()
	start := loadTime(filepath.Join(t.TempDir(), timeFileName), c, 0)
	l := newLogicalClock(c, start)
	wantTime(t, "now", l.now(), c.Wall().UnixMilli())
	c.pass(90 * time.Second)
	wantTime(t, "stamp", l.stamp(), c.Wall().UnixMilli())
}

func TestClockWallJumpMovesNothing(t *testing.T) {
	for _, by := range []time.Duration{5 * time.Hour, -5 * time.Hour} {
		c := newFakeClock()
		l := newLogicalClock(c, 0)
		begin := l.now()
		c.jump(by)
		for range 480 { // a hold of eight minutes, stamped each second
			c.pass(time.Second)
			l.applied(l.stamp())
		}
		off := l.now() - begin - 480_000
		if off < -480 || off > 480 {
			t.Errorf("a wall clock off by %v moved 480 s by %d ms", by, off)
		}
		if off == 0 {
			t.Errorf("a wall clock off by %v: no slew", by)
		}
	}
}

func TestClockSlewsToWallAndStaysThere(t *testing.T) {
	for _, by := range []time.Duration{200 * time.Millisecond, -200 * time.Millisecond} {
		c := newFakeClock()
		l := newLogicalClock(c, 0)
		c.jump(by)
		last := int64(0)
		for range 115_000 { // 230 s, 2 ms less a bit apart: dropped fractions would show
			c.pass(1999 * time.Microsecond)
			s := l.stamp()
			if s < last {
				t.Fatalf("stamp went back by %d ms", last-s)
			}
			last = s
		}
		if off := l.stamp() - c.Wall().UnixMilli(); off < -2 || off > 2 {
			t.Errorf("after 230 s still %d ms off", off)
		}
	}
}

func TestClockFailoverLosesNoTime(t *testing.T) {
	a, b := newFakeClock(), newFakeClock()
	b.jump(-3 * time.Hour) // its wall clock is wrong
	leader, follower := newLogicalClock(a, 0), newLogicalClock(b, 0)
	follower.live()
	for range 1000 {
		stamp := leader.stamp()
		a.pass(5 * time.Millisecond) // on its way
		b.pass(5 * time.Millisecond)
		leader.applied(stamp)
		follower.applied(stamp)
	}
	if lost := leader.now() - follower.now(); lost < 0 || lost > 5 {
		t.Errorf("the follower is %d ms behind", lost)
	}
	a.pass(20 * time.Second)
	b.pass(20 * time.Second)
	if lost := leader.now() - follower.stamp(); lost < -50 || lost > 50 { // 0.1 % toward its own wall clock
		t.Errorf("20 s without entries: the new leader is %d ms behind", lost)
	}
}

// A busy leader's entries are old by the time they are applied; taking them for now would stop time.
func TestClockApplyLagDoesNotSlow(t *testing.T) {
	c := newFakeClock()
	l := newLogicalClock(c, 0)
	begin := l.now()
	l.live()
	for range 10_000 {
		stamp := l.stamp()
		c.pass(time.Millisecond)
		l.applied(stamp)
	}
	wantTime(t, "after 10 s", l.now(), begin+10_000)
}

func TestClockReplayAndAdopt(t *testing.T) {
	c := newFakeClock()
	real := c.Wall().UnixMilli()
	l := newLogicalClock(c, real+7_200_000) // loadTime believed a wall clock two hours ahead
	l.applied(real - 60_000)                // an old entry of the log
	wantTime(t, "after replay", l.now(), real+7_200_000)
	l.live()
	l.applied(real)
	wantTime(t, "after the first live entry", l.now(), real)
	c.pass(3 * time.Second)
	l.applied(real)
	wantTime(t, "a late entry", l.now(), real+3_000)
}

func TestClockNeverGoesBack(t *testing.T) {
	l := newLogicalClock(SystemClock(), 0)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			last := int64(0)
			for {
				select {
				case <-stop:
					return
				default:
				}
				for _, f := range []func() int64{l.now, l.stamp} {
					n := f()
					if n < last {
						t.Errorf("went back by %d ms", last-n)
						return
					}
					last = n
				}
			}
		})
	}
	for i := range int64(2000) {
		l.applied(l.now() + i%3)
	}
	close(stop)
	wg.Wait()
}

// keepOnce runs a keeper for long enough to write, and leaves its file.
func keepOnce(t *testing.T, c Clock, l *logicalClock, index uint64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), timeFileName)
	mustClose(t, newTimeKeeper(path, c, l, func() uint64 { return index }, nil))
	return path
}

func TestClockRestart(t *testing.T) {
	const hour = int64(3_600_000)
	for name, c := range map[string]struct {
		down func(*fakeClock) // what happens while the node is down
		want int64            // milliseconds that pass
	}{
		"same boot":             {func(c *fakeClock) { c.pass(time.Hour) }, hour},
		"same boot, wall jumps": {func(c *fakeClock) { c.pass(time.Hour); c.jump(-9 * time.Hour) }, hour},
		"reboot":                {func(c *fakeClock) { c.pass(time.Hour); c.boot, c.since = "b2", 0 }, hour},
		"reboot, wall back":     {func(c *fakeClock) { c.jump(-9 * time.Hour); c.boot = "b2" }, 0},
		"reboot, wall far off":  {func(c *fakeClock) { c.jump(9999 * time.Hour); c.boot = "b2" }, 24 * hour},
		"boot unknown":          {func(c *fakeClock) { c.pass(time.Hour); c.boot = "" }, hour},
	} {
		t.Run(name, func(t *testing.T) {
			clock := newFakeClock()
			l := newLogicalClock(clock, 1_000_000_000_000) // far from the wall
			path := keepOnce(t, clock, l, 17)
			c.down(clock)
			got := loadTime(path, clock, 5)
			wantTime(t, "restart", got, 1_000_000_000_000+c.want)
			wantTime(t, "restart behind the log", loadTime(path, clock, got+9), got+9)
			if f, err := readTimeFile(path); err != nil || f.Index != 17 {
				t.Errorf("index %d, %v", f.Index, err)
			}
		})
	}
}

func TestClockDamagedFile(t *testing.T) {
	c := newFakeClock()
	path := keepOnce(t, c, newLogicalClock(c, 0), 1)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"empty": "", "torn": string(good[:20]), "zeros": strings.Repeat("\x00", 100),
		"altered": strings.Replace(string(good), `"logical":1`, `"logical":9`, 1),
	} {
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readTimeFile(path); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
		wantTime(t, name, loadTime(path, c, 4321), 4321)
		wantTime(t, name+", no log", loadTime(path, c, 0), c.Wall().UnixMilli())
	}
}

func TestTimeKeeperWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), timeFileName)
	synctest.Test(t, func(t *testing.T) {
		clock := SystemClock()
		l := newLogicalClock(clock, 0)
		index := uint64(3)
		k := newTimeKeeper(path, clock, l, func() uint64 { return index }, func(err error) { t.Error(err) })
		time.Sleep(10500 * time.Millisecond)
		f, err := readTimeFile(path)
		if age := l.now() - f.Logical; err != nil || age < 0 || age > 1000 {
			t.Errorf("the file is %d ms old, %v", age, err)
		}
		index = 4
		mustClose(t, k)
		mustClose(t, k)
		if f, err = readTimeFile(path); err != nil || f.Index != 4 || f.Logical != l.now() {
			t.Errorf("at the end: %+v, %v", f, err)
		}
	})
}

func BenchmarkLogicalClock(b *testing.B) {
	l := newLogicalClock(SystemClock(), 0)
	b.Run("now", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				l.now()
			}
		})
	})
	b.Run("applied", func(b *testing.B) {
		for b.Loop() {
			l.applied(0)
		}
	})
}
