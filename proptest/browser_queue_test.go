package proptest

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// browserRivals is how many others want to get in.
const browserRivals = 30

// TestBrowserQueue is the way through a waiting room in a real browser: the lobby, the draw, the
// line, while it is paused and while it moves, the admission, and the shop. USHER_SHOTS names a
// folder for pictures.
func TestBrowserQueue(t *testing.T) {
	path := findBrowser(t)
	s := openField(t)
	q := &browserQueue{browserPage: openPage(t, path, s)}
	q.until(`document.getElementById('curtain').hidden`) // the browser is up: now for the time until it opens
	opens := time.Now().Add(12 * time.Second)
	a := s.must("POST", "/v1/events", "application/json", fmt.Appendf(nil, `{"venue_id":"field","event_date":"2027-03-01","chart_id":"field","onsale_at":%q,`+
		`"waiting_room":{"max_active":1,"new_per_minute":6000,"tiers":{"gold":"1:1"}}}`, opens.Format(time.RFC3339Nano)), http.StatusCreated)
	s.event = a["event_id"].(string)
	q.goTo("?event=" + s.event)

	q.waitsInTheLobby()
	q.room(`{"state":"paused","reason":"The doors stay shut for a moment."}`)
	q.isDrawn()
	q.queuesAgain()
	q.room(`{"state":"open"}`)
	q.comesNearer()
	q.isAdmitted()
	q.buys()

	p := q.browserPage
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.console {
		t.Errorf("console: %s %s (%s:%d)", m.Type, m.Text, m.URL, m.Line)
	}
}

// goTo opens the page with another query.
func (p *browserPage) goTo(query string) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, chromedp.Navigate(evaluate[string](p, `location.origin + '/'`)+query)); err != nil {
		p.t.Fatal(err)
	}
}

// comesTo waits for the page to be somewhere else: while it is on its way it cannot be asked.
func (p *browserPage) comesTo(condition string) {
	p.t.Helper()
	for end := time.Now().Add(pagePatience); ; time.Sleep(pagePoll) {
		there, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](condition))
		if err == nil && there {
			return
		}
		if time.Now().After(end) {
			p.t.Fatalf("in %v it never came to %s: %v", pagePatience, condition, err)
		}
	}
}

type browserQueue struct {
	*browserPage
	rivals []string // their tickets, in order
}

// state waits for the panel to say how it stands.
func (q *browserQueue) state(want string) {
	q.t.Helper()
	q.until(fmt.Sprintf(`document.getElementById('queue').dataset.state === %q && document.getElementById('queue').ariaBusy === 'false'`, want))
}

func (q *browserQueue) room(change string) {
	q.t.Helper()
	q.s.must("PATCH", "/v1/events/"+q.s.event+"/room", "application/json", []byte(change), http.StatusOK)
}

// place is what the server says of the page's ticket.
func (q *browserQueue) place() map[string]any {
	q.t.Helper()
	ticket := evaluate[string](q.browserPage, fmt.Sprintf(`JSON.parse(localStorage.getItem('usher.queue.event/%s')).ticket`, q.s.event))
	return q.s.must("GET", "/v1/queue/"+ticket, "", nil, http.StatusOK)
}

func (q *browserQueue) leave(ticket string) {
	q.t.Helper()
	status, data, err := q.s.call("DELETE", "/v1/queue/"+ticket, "", nil)
	if err != nil || status != http.StatusNoContent {
		q.t.Fatalf("a rival leaves: %d %v %s", status, err, data)
	}
}

func (q *browserQueue) waitsInTheLobby() {
	q.t.Helper()
	q.until(fmt.Sprintf(`document.getElementById('event-name').textContent === %q`, q.s.event))
	q.state("none")
	if !evaluate[bool](q.browserPage, `document.getElementById('basket').hidden && document.getElementById('queue-tier').options.length === 2`) {
		q.t.Error("seats could be claimed before one's turn, or no tier can be named")
	}
	q.until(`document.getElementById('curtain').hidden`)
	q.shot("queue-outside")
	q.clickOn(`[data-key=join]`)
	q.state("lobby")
	for i := range browserRivals {
		a := q.s.must("POST", "/v1/events/"+q.s.event+"/queue", "application/json", fmt.Appendf(nil, `{"holder_id":"rival-%d"}`, i), http.StatusCreated)
		q.rivals = append(q.rivals, a["ticket"].(string))
	}
	q.until(fmt.Sprintf(`document.querySelector('.queue-facts').textContent.includes('%d people wait here')`, browserRivals+1))
	q.until(`/^0:0\d|^0:1\d$/.test(document.querySelector('#queue .timer').textContent)`)
	draw := q.s.must("GET", "/v1/events/"+q.s.event+"/room/draw", "", nil, http.StatusOK)
	q.until(fmt.Sprintf(`document.querySelector('.proof code').textContent === %q`, draw["commitment"]))
	q.shot("queue-lobby")
	if got := q.place(); got["state"] != "lobby" {
		q.t.Errorf("the server says %v: the lobby was over too soon for this test", got)
	}
}

func (q *browserQueue) isDrawn() {
	q.t.Helper()
	q.state("waiting")
	q.until(`document.querySelector('.position strong').textContent !== ''`)
	q.until(`document.querySelector('.notice.warn').textContent.includes('The doors stay shut for a moment.')`)
	if got, want := q.text(".position strong"), fmt.Sprint(q.place()["position"]); got != want {
		q.t.Errorf("the page shows position %s, the server %s", got, want)
	}
	evaluate[bool](q.browserPage, `document.querySelector('.proof').open = true`)
	q.until(`document.querySelector('.proof a') !== null && document.querySelector('.proof').textContent.includes('31 people')`)
	q.shot("queue-paused")
	q.until(`document.getElementById('polite').textContent.includes('paused')`)
}

// queuesAgain gives the place up and gets one at the end of the line.
func (q *browserQueue) queuesAgain() {
	q.t.Helper()
	q.clickOn(`[data-key=leave]`)
	q.clickOn(`[data-key=leave-now]`)
	q.state("none")
	q.clickOn(`[data-key=join]`)
	q.state("waiting")
	q.until(fmt.Sprintf(`document.querySelector('.position strong').textContent === '%d'`, browserRivals+1))
	if err := chromedp.Do(q.ctx, chromedp.Reload()); err != nil { // the place is kept
		q.t.Fatal(err)
	}
	q.until(fmt.Sprintf(`document.querySelector('.position strong').textContent === '%d'`, browserRivals+1))
}

// comesNearer: one rival is let in, all others give up.
func (q *browserQueue) comesNearer() {
	q.t.Helper()
	q.until(fmt.Sprintf(`document.querySelector('.position strong').textContent === '%d'`, browserRivals))
	q.until(`!document.querySelector('#queue .notice.warn')`)
	q.shot("queue-line")
	first := ""
	for _, ticket := range q.rivals {
		if a := q.s.must("GET", "/v1/queue/"+ticket, "", nil, http.StatusOK); a["state"] == "admitted" {
			first = ticket
			continue
		}
		q.leave(ticket)
	}
	q.rivals = []string{first}
	q.until(`document.querySelector('.position strong').textContent === '1' && document.querySelector('.milestone').textContent === 'You are next.'`)
	q.until(`document.querySelector('.queue-bar').value > 0.9`)
	q.shot("queue-next")
}

func (q *browserQueue) isAdmitted() {
	q.t.Helper()
	q.leave(q.rivals[0])
	q.state("admitted")
	q.until(`!document.getElementById('basket').hidden && document.querySelector('#queue .countdown').textContent.includes('left to shop')`)
	q.until(`/^(10:00|9:\d\d)$/.test(document.querySelector('#queue .timer').textContent)`)
	if got := q.place(); got["session_started"] != true {
		q.t.Errorf("whoever looks at the shop has begun: %v", got)
	}
	q.shot("queue-admitted")
}

func (q *browserQueue) buys() {
	q.t.Helper()
	q.clickSeat(q.seat("A", 2))
	q.clickOn(`[data-key=hold]`)
	q.phase("held")
	q.shot("queue-held")
	q.clickOn(`[data-key=book]`)
	q.phase("booked")
	q.state("left")
	if got := q.text("#queue"); !strings.Contains(got, "You have your tickets") {
		q.t.Errorf("in the end the panel says %q", got)
	}
	q.shot("queue-booked")
	room, err := q.s.engine.Room(q.ctx, q.s.event)
	if err != nil || room.InShop+room.Admitted+room.Waiting != 0 {
		q.t.Errorf("somebody is left in the room: %+v %v", room, err)
	}
	if e, err := q.s.engine.Event(q.ctx, q.s.event); err != nil || e.Seats.Booked != 1 {
		q.t.Errorf("the event: %+v %v", e, err)
	}
}

// TestBrowserRedirect: an admitted shopper is sent on to the shop that wants it back, with the
// admission in the address. The shop is a page of the same host here.
func TestBrowserRedirect(t *testing.T) {
	path := findBrowser(t)
	p := openPage(t, path, openField(t))
	p.until(`document.getElementById('curtain').hidden`)
	shop := evaluate[string](p, `location.origin + '/v1/events'`)
	a := p.s.must("POST", "/v1/events", "application/json", fmt.Appendf(nil, `{"venue_id":"field","event_date":"2027-03-02","chart_id":"field",`+
		`"waiting_room":{"max_active":1,"new_per_minute":6000,"return_urls":[%q]}}`, shop), http.StatusCreated)
	p.s.event = a["event_id"].(string)
	p.goTo("?event=" + p.s.event + "&return_url=" + url.QueryEscape(shop+"?limit=2"))
	p.until(fmt.Sprintf(`document.getElementById('event-name').textContent === %q && document.querySelector('[data-key=join]')`, p.s.event))
	p.clickOn(`[data-key=join]`)
	p.comesTo(`location.pathname === '/v1/events' && new URLSearchParams(location.search).get('limit') === '2'`)
	token := evaluate[string](p, `new URLSearchParams(location.search).get('usher_token')`)
	v := p.s.must("POST", "/v1/admissions", "application/json", fmt.Appendf(nil, `{"event_id":%q,"admission_token":%q,"start":true}`, p.s.event, token), http.StatusOK)
	if ticket := evaluate[string](p, `new URLSearchParams(location.search).get('usher_ticket')`); v["ticket"] != ticket || v["session_started"] != true {
		t.Errorf("the shop was given ticket %q, and the token is of %v", ticket, v)
	}
}
