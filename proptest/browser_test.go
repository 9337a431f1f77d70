package proptest

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/transport"
	"github.com/usherhq/usher/transport/web"
)

const (
	stadiumSeats = 39_616
	pagePatience = 15 * time.Second      // for what should take a moment
	pageFresh    = 2 * time.Second       // between another's claim and its showing on the map
	pagePoll     = 20 * time.Millisecond // between two looks at the page
	pageWhole    = 90 * time.Second      // for all of it, on a machine that is busy with other things
)

// TestBrowser is a shopper's evening in a real browser: the page of a real server, seats
// chosen on the map with the mouse and in the list with the keyboard, held, lost to
// others, released and bought. After each step the page's map is the server's.
func TestBrowser(t *testing.T) {
	path := findBrowser(t)
	p := openPage(t, path, openStadium(t, engine.Config{}))
	for _, step := range []struct {
		name string
		do   func(t *testing.T, p *browserPage)
	}{
		{"it shows the whole house", showsTheHouse},
		{"a hold from the map counts down", holdsFromTheMap},
		{"it follows what others do", followsOthers},
		{"a booking is confirmed", booksTheHold},
		{"a hold from the list, by keyboard, is released", releasesFromTheList},
		{"a seat lost to another is shown", losesASeat},
		{"a hold survives a reload", reloadsDuringAHold},
		{"nothing was complained of", complainsOfNothing},
	} {
		if !t.Run(step.name, func(t *testing.T) { p.t, p.s.t = t, t; step.do(t, p) }) {
			break // the steps build on each other
		}
	}
	p.t, p.s.t = t, t
}

func showsTheHouse(t *testing.T, p *browserPage) {
	p.until(`document.body.dataset.live === 'live' && document.getElementById('curtain').hidden`)
	if n := evaluate[int](p, `seatMap.chart.n`); n != stadiumSeats {
		t.Errorf("the map has %d seats", n)
	}
	if got := p.text(`.count.is-available b`); got != "39,616" {
		t.Errorf("free, says the page: %q", got)
	}
	if got := p.text("h1"); !strings.Contains(got, "metalist") {
		t.Errorf("the event is called %q", got)
	}
	if ink := evaluate[int](p, `(() => { const c = document.querySelector('.layer-ground');
		return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.reduce((n, v, i) => n + (i % 4 === 3 && v > 0), 0) })()`); ink < 10_000 {
		t.Errorf("only %d pixels are drawn", ink)
	}
	p.matches(0)
}

func holdsFromTheMap(t *testing.T, p *browserPage) {
	first := p.seat("north-14", 3)
	p.clickSeat(first)
	p.clickSeat(first + 1)
	p.until(`document.querySelectorAll('.chosen li').length === 2`)
	p.press("hold")
	p.phase("held")
	p.until(`/^[0-7]:[0-5]\d$/.test(document.querySelector('.timer')?.textContent)`)
	before := p.text(".timer")
	p.until(fmt.Sprintf(`document.querySelector('.timer').textContent !== %q`, before))
	for i := range 2 {
		p.serverSays(first+i, "held")
	}
	p.held = first
}

// A stall of the whole machine is not the page's, so it has three chances.
func followsOthers(t *testing.T, p *browserPage) {
	for attempt := 1; ; attempt++ {
		var seats []string
		from := p.seat("west-2", attempt)
		for i := range 4 {
			seats = append(seats, p.id(from+i))
		}
		version := p.rivalTakes(seats...)
		since := time.Now()
		p.until(fmt.Sprintf(`Number(document.body.dataset.version) >= %d`, version))
		took := time.Since(since)
		p.matches(version)
		if took <= pageFresh {
			t.Logf("shown after %v", took.Round(time.Millisecond))
			return
		}
		if attempt == 3 {
			t.Fatalf("shown only after %v", took)
		}
	}
}

func booksTheHold(t *testing.T, p *browserPage) {
	p.press("book")
	p.phase("booked")
	if got := p.text(".reference code"); !strings.HasPrefix(got, "book_") {
		t.Errorf("the booking is %q", got)
	}
	for i := range 2 {
		p.serverSays(p.held+i, "booked")
	}
	p.press("more")
	p.phase("choosing")
	p.matches(0)
}

func releasesFromTheList(t *testing.T, p *browserPage) {
	i := p.seat("west-6", 0)
	evaluate[bool](p, `document.getElementById('find').focus() ?? true`)
	p.keys("west-6", kb.Tab, kb.Enter)
	p.until(`document.querySelector('.section[open] .row') !== null`)
	p.keys(kb.Tab, kb.Tab) // past the link that shows the section on the map
	p.until(`document.activeElement.matches('.row > summary')`)
	p.keys(kb.Enter)
	p.until(`document.querySelector('.row[open] .seat') !== null`)
	p.keys(kb.Tab, " ")
	p.until(`document.querySelectorAll('.chosen li').length === 1`)
	if !evaluate[bool](p, fmt.Sprintf(`seatMap.marks.marked.get(%d) === 'selected' && document.activeElement.getAttribute('aria-pressed') === 'true'`, i)) {
		t.Error("the first seat of the list is not the one that is chosen on the map")
	}
	p.press("hold")
	p.phase("held")
	p.serverSays(i, "held")
	p.press("release")
	p.phase("choosing")
	p.serverSays(i, "available")
	p.until(fmt.Sprintf(`seatMap.seats.state[%d] === 0`, i))
}

func losesASeat(t *testing.T, p *browserPage) {
	first := p.seat("north-14", 5)
	p.clickSeat(first)
	p.clickSeat(first + 1)
	p.until(`document.querySelectorAll('.chosen li').length === 2`)
	lost := p.id(first + 1)
	p.before(func() { p.rivalTakes(lost) })
	p.press("hold")
	p.until(`document.querySelectorAll('.lost li').length === 1`)
	p.phase("choosing")
	if state := evaluate[string](p, fmt.Sprintf(`seatMap.marks.marked.get(%d) ?? ''`, first+1)); state != "lost" {
		t.Errorf("on the map the lost seat is %q", state)
	}
	if got := p.text(".notice.warn"); got == "" {
		t.Error("nothing is said about it")
	}
	if evaluate[int](p, `document.querySelectorAll('.offers button').length`) == 0 {
		t.Error("nothing is offered instead")
	}
	p.serverSays(first, "available") // all or none
}

func reloadsDuringAHold(t *testing.T, p *browserPage) {
	p.press("offer-0")
	p.until(`document.querySelectorAll('.chosen li').length === 2`)
	p.press("hold")
	p.phase("held")
	hold := evaluate[string](p, heldSeats)
	if err := chromedp.Do(p.ctx, chromedp.Reload()); err != nil {
		t.Fatal(err)
	}
	p.until(`document.body.dataset.live === 'live'`)
	p.phase("held")
	if got := evaluate[string](p, heldSeats); got != hold {
		t.Errorf("after the reload %s are held, before it %s", got, hold)
	}
	p.press("release")
	p.phase("choosing")
	p.matches(0)
}

const heldSeats = `[...seatMap.marks.marked].filter(([, kind]) => kind === 'mine').map(([i]) => i).join(' ')`

// A refused claim is an HTTP error, and browsers write those down by themselves.
func complainsOfNothing(t *testing.T, p *browserPage) {
	refusals := 0
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.console {
		if m.Source == "network" && strings.Contains(m.Text, "409") {
			refusals++
			continue
		}
		t.Errorf("console: %s %s %s (%s:%d)", m.Type, m.Source, m.Text, m.URL, m.Line)
	}
	if refusals != 1 {
		t.Errorf("%d refusals, want the one of the lost seat: is the console read at all?", refusals)
	}
	if got := evaluate[string](p, `window.violations.join('; ')`); got != "" {
		t.Errorf("against the page's own policy: %s", got)
	}
}

// browserPage is the page in a browser of its own, at a server of its own beside the
// one that others use. Its methods fail the test.
type browserPage struct {
	t    *testing.T
	s    *stadium
	ctx  context.Context
	held int // first of the seats held from the map

	hook atomic.Pointer[func()]

	reading sync.WaitGroup // the console's reader
	mu      sync.Mutex
	console []chromedp.ConsoleMessage // warnings, errors and exceptions
}

// findBrowser skips the test if there is none, or fails it where one is required.
func findBrowser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{os.Getenv("USHER_BROWSER"), "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path
		}
	}
	if os.Getenv("USHER_REQUIRE_BROWSER") != "" {
		t.Fatal("no chromium here, and USHER_REQUIRE_BROWSER is set")
	}
	t.Skip("no chromium here (apt-get install chromium), so the page goes unproved")
	return ""
}

func openPage(t *testing.T, path string, s *stadium) *browserPage {
	t.Helper()
	srv, err := transport.New(transport.Config{Engine: transport.View(s.engine), Page: web.Handler()})
	if err != nil {
		t.Fatal(err)
	}
	p := &browserPage{t: t, s: s}
	site := httptest.NewServer(p.withHook(srv.Handler()))
	t.Cleanup(func() { srv.Close(); site.Close() })

	t.Cleanup(p.reading.Wait) // after the browser's end, since cleanups run backwards
	ctx, cancel := context.WithTimeout(context.Background(), pageWhole)
	t.Cleanup(cancel)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path),
		chromedp.WindowSize(1280, 800), chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // it refuses to run otherwise
	}
	ctx, end := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(end)
	p.ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	p.listen()
	if err := chromedp.Do(p.ctx, chromedp.Navigate(site.URL)); err != nil {
		t.Fatal(err)
	}
	return p
}

// listen notes from before the first page on what the browser complains of. Pages are
// given the name seatMap for the map.
func (p *browserPage) listen() {
	p.t.Helper()
	const script = `window.violations = [];
		addEventListener('securitypolicyviolation', (e) => violations.push(e.violatedDirective + ' ' + e.blockedURI));
		Object.defineProperty(window, 'seatMap', { get: () => document.getElementById('map').seatMap });`
	if _, err := chromedp.Call(p.ctx, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: script}); err != nil {
		p.t.Fatalf("the browser: %v", err)
	}
	messages := chromedp.Console(p.ctx)
	p.reading.Go(func() {
		for m, err := range messages {
			if err != nil {
				return // the browser has ended
			}
			if m.Type != chromedp.ConsoleWarning && m.Type != chromedp.ConsoleError && !m.IsException() {
				continue
			}
			p.mu.Lock()
			p.console = append(p.console, m)
			p.mu.Unlock()
		}
	})
}

// withHook runs what before was given ahead of the page's next claim.
func (p *browserPage) withHook(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Path == "/v1/reservations" {
			if hook := p.hook.Swap(nil); hook != nil {
				(*hook)()
			}
		}
		next.ServeHTTP(w, r)
	})
}

func (p *browserPage) before(hook func()) { p.hook.Store(&hook) }

func evaluate[T any](p *browserPage, expression string) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// until waits for a condition to hold. One that throws does not hold yet.
func (p *browserPage) until(condition string) {
	p.t.Helper()
	expression := fmt.Sprintf(`(() => { try { return Boolean(%s) } catch { return false } })()`, condition)
	for end := time.Now().Add(pagePatience); ; time.Sleep(pagePoll) {
		if evaluate[bool](p, expression) {
			return
		}
		if time.Now().After(end) {
			said := evaluate[string](p, `document.body.innerText.slice(0, 600)`)
			p.t.Fatalf("in %v it never came to %s; the page says:\n%s", pagePatience, condition, said)
		}
	}
}

func (p *browserPage) phase(want string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`document.getElementById('basket').dataset.phase === %q && document.getElementById('basket').ariaBusy === 'false'`, want))
}

func (p *browserPage) text(selector string) string {
	p.t.Helper()
	return evaluate[string](p, fmt.Sprintf(`document.querySelector(%q)?.textContent.trim() ?? ''`, selector))
}

func (p *browserPage) keys(all ...string) {
	p.t.Helper()
	for _, k := range all {
		if err := chromedp.Do(p.ctx, chromedp.KeyEvent(k)); err != nil {
			p.t.Fatal(err)
		}
	}
}

func (p *browserPage) click(at [2]float64) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, chromedp.MouseClickXY(at[0], at[1])); err != nil {
		p.t.Fatal(err)
	}
}

// press clicks one of the basket's buttons.
func (p *browserPage) press(key string) {
	p.t.Helper()
	button := fmt.Sprintf(`document.querySelector('#basket [data-key=%q]:enabled')`, key)
	p.until(button + ` !== null`)
	p.click(evaluate[[2]float64](p, fmt.Sprintf(`(() => { const b = %s; b.scrollIntoView({ block: 'nearest' });
		const r = b.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })()`, button)))
}

// seat is the index of the n-th row's first seat in a section.
func (p *browserPage) seat(section string, n int) int {
	p.t.Helper()
	return evaluate[int](p, fmt.Sprintf(`seatMap.chart.rows[seatMap.chart.sections.find((s) => s.name === %q).rows[%d]].first`, section, n))
}

func (p *browserPage) id(i int) string {
	p.t.Helper()
	return evaluate[string](p, fmt.Sprintf(`seatMap.chart.ids[%d]`, i))
}

// clickSeat clicks where the seat is drawn, once the map has come to rest there.
func (p *browserPage) clickSeat(i int) {
	p.t.Helper()
	evaluate[bool](p, fmt.Sprintf(`seatMap.showSeat(%d) ?? true`, i))
	p.until(`!seatMap.move && !seatMap.dirty.view`)
	p.click(evaluate[[2]float64](p, fmt.Sprintf(`(() => { const at = seatMap.view.toScreen(seatMap.chart.x[%[1]d], seatMap.chart.y[%[1]d]);
		const box = seatMap.host.getBoundingClientRect(); return [box.x + at.x, box.y + at.y] })()`, i)))
	p.until(fmt.Sprintf(`seatMap.marks.marked.get(%d) === 'selected'`, i))
}

// rivalTakes holds seats for somebody else and returns the event's version then.
func (p *browserPage) rivalTakes(seats ...string) uint64 {
	a := p.s.must("POST", "/v1/reservations", "application/json", reservationBody(p.s.event, "rival", seats...), http.StatusCreated)
	return uint64(a["version"].(float64))
}

func (p *browserPage) serverSays(i int, want string) {
	p.t.Helper()
	if got := p.s.seats().Seats[i]; got.Status != want || got.SeatID != p.id(i) {
		p.t.Errorf("seat %s is %s at the server as %s, want %s", p.id(i), got.Status, got.SeatID, want)
	}
}

// matches compares the page's map with the server's packed one, which is at least at
// that version, when the page has come as far.
func (p *browserPage) matches(version uint64) {
	p.t.Helper()
	req, err := http.NewRequest("GET", fmt.Sprintf("%s/v1/events/%s/seats?min_version=%d", p.s.url, p.s.event, version), nil)
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Accept", "application/vnd.usher.seats")
	res, err := p.s.client.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	want, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		p.t.Fatalf("the packed map: %d %v", res.StatusCode, err)
	}
	p.until(fmt.Sprintf(`Number(document.body.dataset.version) >= %s`, res.Header.Get("Usher-Version")))
	packed := evaluate[string](p, `(() => { const s = seatMap.seats.state, out = new Uint8Array(Math.ceil(s.length / 4));
		for (let i = 0; i < s.length; i++) out[i >> 2] |= s[i] << (2 * (i & 3));
		let text = ''; for (const b of out) text += String.fromCharCode(b); return btoa(text) })()`)
	got, err := base64.StdEncoding.DecodeString(packed)
	if err != nil {
		p.t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		p.t.Errorf("the page's map and the server's differ at version %s", res.Header.Get("Usher-Version"))
	}
}
