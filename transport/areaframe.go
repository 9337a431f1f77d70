package transport

import (
	"strconv"

	"github.com/usherhq/usher/engine"
)

// Standing areas in live frames: pairs of index and places left, in JSON beside the seats.
// The binary frames of usher.v1.bin have no room for them; there a text frame of their own
// comes right behind the binary one, of the same version.

// allAreas is what a snapshot says of the areas.
func allAreas(m *engine.SeatMap) []engine.AreaFree {
	list := make([]engine.AreaFree, len(m.Areas))
	for i, a := range m.Areas {
		list[i] = engine.AreaFree{Index: uint32(i), Free: a.Free}
	}
	return list
}

// appendAreasFree appends the member areas, or nothing if there are none.
func appendAreasFree(b []byte, areas []engine.AreaFree) []byte {
	if len(areas) == 0 {
		return b
	}
	b = append(b, `,"areas":[`...)
	for i, a := range areas {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '[')
		b = strconv.AppendUint(b, uint64(a.Index), 10)
		b = append(b, ',')
		b = strconv.AppendInt(b, int64(a.Free), 10)
		b = append(b, ']')
	}
	return append(b, ']')
}

// areasBeside is the text frame behind a binary one: from is absent behind a snapshot.
// Nil if there is nothing to say.
func areasBeside(eventID string, from *uint64, to uint64, areas []engine.AreaFree) []byte {
	if len(areas) == 0 {
		return nil
	}
	b := append([]byte(`{"areas":{"event_id":`), appendQuoted(nil, eventID)...)
	if from != nil {
		b = strconv.AppendUint(append(b, `,"from":`...), *from, 10)
	}
	b = strconv.AppendUint(append(b, `,"to":`...), to, 10)
	return append(appendAreasFree(b, areas), `}}`...)
}
