package transport

import (
	"encoding/json"
	"strconv"
	"sync"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/engine/chart"
)

// seatText is what of a chart's seats in JSON never changes, rendered once: seat i's
// text up to its status is text[ends[i-1]:ends[i]]. 90,000 seats take about 9 MB, and a
// body is then two copies a seat.
type seatText struct {
	text []byte
	ends []uint32 // len(ends) == seats, ascending
}

// statusText is how a seat's text goes on, and ends, by status.
var statusText = [4]string{`available"},`, `held"},`, `booked"},`, `blocked"},`}

func newSeatText(x *chart.Index) *seatText {
	t := &seatText{text: make([]byte, 0, 104*x.Len()), ends: make([]uint32, 0, x.Len())}
	for i := range uint32(x.Len()) {
		seat := x.Seat(i)
		t.field(`{"seat_id":`, seat.SeatID)
		t.field(`,"section":`, x.Section(i))
		t.field(`,"row":`, x.Row(i))
		t.field(`,"number":`, seat.Number)
		t.field(`,"category":`, seat.Category)
		t.text = append(t.text, `,"status":"`...)
		t.ends = append(t.ends, uint32(len(t.text)))
	}
	return t
}

func (t *seatText) field(name, value string) {
	quoted, _ := json.Marshal(value) // a string cannot fail
	t.text = append(append(t.text, name...), quoted...)
}

// render is the JSON of the seats from ≤ i < to as they are in m, and with areas of those
// too, if there are any.
func (t *seatText) render(m *engine.SeatMap, from, to uint32, areas bool) []byte {
	start := uint32(0)
	if from > 0 {
		start = t.ends[from-1]
	}
	size := 220 + int(to-from)*len(statusText[0])
	if to > from {
		size += int(t.ends[to-1] - start)
	}
	if m.Versions != nil {
		size += int(to-from) * len(`,"version":1234567`)
	}
	b := make([]byte, 0, size)
	b = append(b, `{"event_id":`...)
	id, _ := json.Marshal(m.EventID)
	b = append(append(b, id...), `,"epoch":"`...)
	b = append(append(b, m.Epoch...), `","version":`...)
	b = strconv.AppendUint(b, m.Version, 10)
	if m.Stale > 0 {
		b = append(b, `,"stale":true`...)
	}
	b = append(b, `,"seats":[`...)
	for i := from; i < to; i++ {
		b = append(b, t.text[start:t.ends[i]]...)
		b = append(b, statusText[m.Status(int(i))]...)
		if m.Versions != nil {
			b = append(b[:len(b)-len(`},`)], `,"version":`...)
			b = append(strconv.AppendUint(b, m.Versions[i], 10), `},`...)
		}
		start = t.ends[i]
	}
	if to > from {
		b = b[:len(b)-1] // the last comma
	}
	b = append(b, ']')
	if areas && len(m.Areas) > 0 {
		b = appendAreas(append(b, `,"areas":`...), m)
	}
	return append(b, '}')
}

// areaText is a standing area in the JSON of seats.
type areaText struct {
	AreaID   string  `json:"area_id"`
	Name     string  `json:"name"`
	Category string  `json:"category"`
	Capacity int     `json:"capacity"`
	Free     int     `json:"free"`
	Held     int     `json:"held"`
	Booked   int     `json:"booked"`
	Version  *uint64 `json:"version,omitempty"`
}

func appendAreas(b []byte, m *engine.SeatMap) []byte {
	list := make([]areaText, len(m.Areas))
	for i, a := range m.Areas {
		c := m.Chart.Areas()[i]
		list[i] = areaText{a.AreaID, c.Name, c.Category, a.Capacity, a.Free, a.Held, a.Booked, nil}
		if m.AreaVersions != nil {
			list[i].Version = &m.AreaVersions[i]
		}
	}
	text, _ := json.Marshal(list) // strings and numbers cannot fail
	return append(b, text...)
}

// seatTexts keeps the texts of the charts used last.
type seatTexts struct {
	mu   sync.Mutex
	list []chartText // used last in front, at most maxTexts
}

type chartText struct {
	chart *chart.Index
	text  func() *seatText
}

// maxTexts bounds the charts kept: together less than 100 MB of stadiums.
const maxTexts = 8

// of is the text of a chart; the first who asks renders it.
func (t *seatTexts) of(x *chart.Index) *seatText {
	t.mu.Lock()
	at := 0
	for at < len(t.list) && t.list[at].chart != x {
		at++
	}
	if at == len(t.list) {
		found := chartText{x, sync.OnceValue(func() *seatText { return newSeatText(x) })}
		t.list = append(t.list, found)
	}
	found := t.list[at]
	copy(t.list[1:at+1], t.list[:at])
	t.list[0] = found
	t.list = t.list[:min(len(t.list), maxTexts)]
	t.mu.Unlock()
	return found.text()
}
