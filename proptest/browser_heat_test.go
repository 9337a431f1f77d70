package proptest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/gorilla/websocket"

	"github.com/usherhq/usher/engine"
)

// TestBrowserHeat: the page shows where others look and lose, and says how many look at
// the seat under the pointer. USHER_SHOTS names a folder for pictures of it.
func TestBrowserHeat(t *testing.T) {
	path := findBrowser(t)
	p := openPage(t, path, openStadium(t, engine.Config{}))
	p.until(`document.body.dataset.live === 'live' && document.getElementById('curtain').hidden`)
	seat := p.seat("north-14", 3)
	others := p.viewersLookAt(9, p.id(seat))
	for i := range 30 {
		p.rivalLoses(p.id(seat+2), i)
	}
	p.clickOn("#heat")
	p.until(`document.querySelector('#heat').ariaPressed === 'true' && document.querySelector('.viewers').textContent.includes('9 looking')`)
	p.until(fmt.Sprintf(`seatMap.heat.classes[%d] === 2 && seatMap.heat.classes[%d] === 3`, seat, seat+2))
	p.shot("heat-house")

	at := p.point(seat)
	p.moveTo(at)
	p.until(`document.querySelector('.tip .contested')?.textContent === '10 people look at this seat, chance 10 %'`)
	p.drawnAs(seat, `seatMap.look.theme.heat[1]`)
	p.shot("heat-seats")
	for _, c := range others[:8] {
		_ = c.Close()
	}
	p.until(`/^2 people look at this seat, chance \d+ %$/.test(document.querySelector('.tip .contested')?.textContent)`)
	p.until(fmt.Sprintf(`seatMap.heat.classes[%d] === 1`, seat))

	p.clickOn("#heat") // off, and the seats are what they were
	p.until(`document.querySelector('#heat').ariaPressed === 'false'`)
	p.drawnAs(seat, `seatMap.look.categories[seatMap.chart.category[`+fmt.Sprint(seat)+`]]`)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.console {
		t.Errorf("console: %s %s (%s:%d)", m.Type, m.Text, m.URL, m.Line)
	}
}

// viewersLookAt has n others look at a seat, by websockets to the other server.
func (p *browserPage) viewersLookAt(n int, seat string) (all []*websocket.Conn) {
	p.t.Helper()
	for range n {
		ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(p.s.url, "http")+"/v1/live", nil)
		if err != nil {
			p.t.Fatal(err)
		}
		p.t.Cleanup(func() { _ = ws.Close() })
		if err := ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"id":1,"focus":{"event_id":%q,"seat_ids":[%q]}}`, p.s.event, seat)); err != nil {
			p.t.Fatal(err)
		}
		if _, answer, err := ws.ReadMessage(); err != nil || string(answer) != `{"id":1,"ok":true}` {
			p.t.Fatalf("focus: %s %v", answer, err)
		}
		all = append(all, ws)
	}
	return all
}

// rivalLoses claims a seat, in vain but for the first time.
func (p *browserPage) rivalLoses(seat string, i int) {
	want := 409
	if i == 0 {
		want = 201
	}
	p.s.must("POST", "/v1/reservations", "application/json", reservationBody(p.s.event, "rival", seat), want)
}

func (p *browserPage) clickOn(selector string) {
	p.t.Helper()
	p.click(evaluate[[2]float64](p, fmt.Sprintf(`(() => { const r = document.querySelector(%q).getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })()`, selector)))
}

// point is where a seat is drawn, once the map has come to rest there.
func (p *browserPage) point(i int) [2]float64 {
	p.t.Helper()
	evaluate[bool](p, fmt.Sprintf(`seatMap.showSeat(%d) ?? true`, i))
	p.until(`!seatMap.move && !seatMap.dirty.view`)
	return evaluate[[2]float64](p, fmt.Sprintf(`(() => { const at = seatMap.view.toScreen(seatMap.chart.x[%[1]d], seatMap.chart.y[%[1]d]);
		const box = seatMap.host.getBoundingClientRect(); return [box.x + at.x, box.y + at.y] })()`, i))
}

func (p *browserPage) moveTo(at [2]float64) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, at[0], at[1])); err != nil {
		p.t.Fatal(err)
	}
}

// drawnAs checks the colour in a seat's middle.
func (p *browserPage) drawnAs(i int, colour string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`(() => { const at = seatMap.view.toScreen(seatMap.chart.x[%[1]d], seatMap.chart.y[%[1]d]), c = document.querySelector('.layer-seats');
		const [r, g, b] = c.getContext('2d').getImageData(Math.round(at.x * seatMap.dpr), Math.round(at.y * seatMap.dpr), 1, 1).data;
		return (r << 16 | g << 8 | b) === %[2]s })()`, i, colour))
}

func (p *browserPage) shot(name string) {
	dir := os.Getenv("USHER_SHOTS")
	if dir == "" {
		return
	}
	p.t.Helper()
	png, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644)
	}
	if err != nil {
		p.t.Error(err)
	}
}
