package proptest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/usherhq/usher/engine"
)

// openField adds an event with standing areas to the stadium, before the other one, whose
// claims are given others of the same kind for seats that are gone.
func openField(t *testing.T) *stadium {
	s := openStadium(t, engine.Config{})
	var rows []string
	for r := range 6 {
		var seats []string
		for k := range 20 {
			seats = append(seats, fmt.Sprintf(`{"seat_id":"A-%d-%d","number":"%d","category":"stand","x":%d,"y":%d}`, r+1, k+1, k+1, 10*k, 12*r))
		}
		rows = append(rows, fmt.Sprintf(`{"name":"%d","seats":[%s]}`, r+1, strings.Join(seats, ",")))
	}
	s.must("PUT", "/v1/charts/field", "application/json", []byte(`{"name":"Field","categories":[{"name":"stand"},{"name":"pit"}],`+
		`"sections":[{"name":"A","rows":[`+strings.Join(rows, ",")+`]}],"focal_points":[{"x":95,"y":-120}],`+
		`"areas":[{"area_id":"pit","name":"Pit","capacity":5,"category":"pit","x":95,"y":-60}]}`), 201)
	a := s.must("POST", "/v1/events", "application/json", []byte(`{"venue_id":"field","event_date":"2027-04-01","chart_id":"field","strategy":"skip_locked",`+
		`"prices":{"stand":{"amount":4000,"currency":"EUR"},"pit":{"amount":2500,"currency":"EUR"}}}`), 201)
	s.event = a["event_id"].(string)
	return s
}

// TestBrowserClaims: places in a standing area, the best seats there are, and seats that
// were got instead of others, from the page. USHER_SHOTS names a folder for pictures.
func TestBrowserClaims(t *testing.T) {
	path := findBrowser(t)
	p := openPage(t, path, openField(t))
	p.until(`document.body.dataset.live === 'live' && document.getElementById('curtain').hidden`)

	p.until(`document.querySelector('.areas small').textContent === '5 left'`)
	p.s.must("POST", "/v1/reservations", "application/json", fmt.Appendf(nil, `{"event_id":%q,"holder_id":"rival","areas":[{"area_id":"pit","quantity":2}]}`, p.s.event), 201)
	p.until(`document.querySelector('.areas small').textContent === '3 left'`)
	for range 3 {
		p.clickOn(`.areas [aria-label^="One place more"]`)
	}
	p.until(`document.querySelector('.areas output').textContent === '3' && document.querySelector('.areas [aria-label^="One place more"]').disabled`)
	p.shot("claims-area")
	p.clickOn(`[data-key=hold]`)
	p.phase("held")
	p.until(`document.querySelector('#basket-title').textContent === 'Held for you: 3 places' && document.querySelector('.total strong').textContent.includes('75')`)
	p.until(`document.querySelector('.areas small').textContent === 'sold out'`)
	p.clickOn(`[data-key=book]`)
	p.phase("booked")
	p.until(`document.querySelector('.confirmation').textContent.includes('3 places')`)
	p.clickOn(`[data-key=more]`)

	p.clickOn(`[data-key=best]`) // two, side by side
	p.phase("held")
	best := evaluate[[]int](p, `[...document.querySelectorAll('[data-key^=show-]')].map((b) => Number(b.dataset.key.slice(5)))`)
	if len(best) != 2 || best[1] != best[0]+1 {
		t.Errorf("the best two are %v", best)
	}
	p.clickOn(`[data-key=release]`)
	p.phase("choosing")

	wanted := p.seat("A", 2)
	p.before(func() { p.rivalTakes(p.id(wanted)) }) // while the claim is on its way
	p.clickSeat(wanted)
	p.clickOn(`[data-key=hold]`)
	p.phase("held")
	p.until(`/^You got A, row \d+: \d+ instead of A, row 3: 1\.$/.test(document.querySelector('.instead')?.textContent)`)
	p.shot("claims-instead")

	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.console {
		t.Errorf("console: %s %s (%s:%d)", m.Type, m.Text, m.URL, m.Line)
	}
}
