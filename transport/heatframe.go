package transport

import (
	"encoding/base64"
	"strconv"

	"github.com/usherhq/usher/engine"
)

type (
	lookMessage struct {
		Heat lookBody `json:"heat"`
	}
	lookBody struct {
		EventID string          `json:"event_id"`
		Focus   engine.HeatLook `json:"focus"`
	}
)

// appendHeatClasses appends the text frame that tells a newcomer all of an event's heat.
func appendHeatClasses(b []byte, eventID string, c engine.HeatClasses, sections, viewers int) []byte {
	b = appendHeat(b, eventID)
	b = append(b, `,"classes":"`...)
	b = base64.StdEncoding.AppendEncode(b, c.Seats)
	b = append(b, `","sections":[`...)
	for i := range sections {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '0'+c.Sections[i/2]>>(4*(i%2))&0xf)
	}
	b = append(b, ']')
	b = appendViewers(b, viewers)
	return append(b, `}}`...)
}

// appendHeatChange appends the text frame of what has another class; lists that are
// empty are left out.
func appendHeatChange(b []byte, eventID string, c engine.HeatChange, viewers int) []byte {
	b = appendHeat(b, eventID)
	b = appendClasses(b, "seats", c.Seats)
	b = appendClasses(b, "sections", c.Sections)
	b = appendViewers(b, viewers)
	return append(b, `}}`...)
}

func appendHeat(b []byte, eventID string) []byte {
	b = append(b, `{"heat":{"event_id":`...)
	return appendQuoted(b, eventID)
}

func appendClasses(b []byte, name string, list []engine.HeatClass) []byte {
	if len(list) == 0 {
		return b
	}
	b = append(b, `,"`+name+`":[`...)
	for i, c := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '[')
		b = strconv.AppendUint(b, uint64(c.Index), 10)
		b = append(b, ',', '0'+c.Class, ']')
	}
	return append(b, ']')
}

func appendViewers(b []byte, viewers int) []byte {
	b = append(b, `,"viewers":`...)
	return strconv.AppendInt(b, int64(viewers), 10)
}
