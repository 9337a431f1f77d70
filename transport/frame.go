package transport

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"

	"github.com/gorilla/websocket"

	"github.com/usherhq/usher/engine"
)

// The subprotocols. Both speak JSON in text frames; the second has seats in binary ones.
const (
	protocolJSON = "usher.v1.json"
	protocolBin  = "usher.v1.bin"
)

// The kinds of binary frames, byte 0.
const (
	binSnapshot = 1
	binDelta    = 2
)

const epochBytes = 16

// frame is a message on its way to one or many websockets.
type frame struct {
	message *websocket.PreparedMessage
	size    int    // bytes of the payload
	label   string // for the metrics
	sub     *sub   // whose it is; nil for answers, which are never dropped
	seats   bool   // a snapshot or delta: may give way to a fresh snapshot
	fresh   bool   // a snapshot: what comes after it counts again
	heat    bool   // of contention: gives way to all else
}

func textFrame(label string, payload []byte) frame {
	return makeFrame(websocket.TextMessage, label, payload)
}

func binaryFrame(label string, payload []byte) frame {
	return makeFrame(websocket.BinaryMessage, label, payload)
}

func makeFrame(kind int, label string, payload []byte) frame {
	message, err := websocket.NewPreparedMessage(kind, payload)
	if err != nil { // it writes to memory, a frame of a valid kind
		panic(err)
	}
	return frame{message: message, size: len(payload), label: label}
}

// jsonFrame is for what is said to one client only.
func jsonFrame(label string, v any) frame {
	payload, err := json.Marshal(v)
	if err != nil { // the values are ours: strings, numbers, times
		panic(err)
	}
	return textFrame(label, payload)
}

type (
	okMessage struct {
		ID uint64 `json:"id"`
		OK bool   `json:"ok"`
	}
	errorMessage struct {
		ID    *uint64   `json:"id,omitempty"` // absent when it could not be read
		Error errorBody `json:"error"`
	}
	errorBody struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	recoveredMessage struct {
		ID        uint64        `json:"id"`
		Recovered recoveredBody `json:"recovered"`
	}
	recoveredBody struct {
		EventID string `json:"event_id"`
		Epoch   string `json:"epoch"`
		Version uint64 `json:"version"`
	}
	holdMessage struct {
		ID   *uint64  `json:"id,omitempty"` // only in the first, which answers
		Hold holdBody `json:"hold"`
	}
	holdBody struct {
		HoldID     string            `json:"hold_id"`
		Status     engine.HoldStatus `json:"status"`
		ExpiresAt  time.Time         `json:"expires_at,omitzero"`
		ServerTime time.Time         `json:"server_time"`
	}
)

func errorFrame(id *uint64, err error) frame {
	p := problemOf(err)
	return jsonFrame("error", errorMessage{id, errorBody{p.code, p.detail}})
}

func holdFrame(id *uint64, h engine.Hold) frame {
	return jsonFrame("hold", holdMessage{id, holdBody{h.HoldID, h.Status, h.ExpiresAt.UTC(), h.ServerTime.UTC()}})
}

// appendJSONSnapshot appends the text frame that answers subscription id with a map.
func appendJSONSnapshot(b []byte, id uint64, m *engine.SeatMap) []byte {
	b = append(b, `{"id":`...)
	b = strconv.AppendUint(b, id, 10)
	b = append(b, `,"snapshot":{"event_id":`...)
	b = appendQuoted(b, m.EventID)
	b = append(b, `,"epoch":`...)
	b = appendQuoted(b, m.Epoch)
	b = append(b, `,"version":`...)
	b = strconv.AppendUint(b, m.Version, 10)
	b = append(b, `,"seats":"`...)
	b = base64.StdEncoding.AppendEncode(b, m.Packed)
	b = append(b, '"')
	return append(appendAreasFree(b, allAreas(m)), `}}`...)
}

// appendJSONDelta appends the text frame of a delta, the same for all who follow the
// event.
func appendJSONDelta(b []byte, eventID string, d engine.Delta) []byte {
	b = append(b, `{"delta":{"event_id":`...)
	b = appendQuoted(b, eventID)
	b = append(b, `,"from":`...)
	b = strconv.AppendUint(b, d.From, 10)
	b = append(b, `,"to":`...)
	b = strconv.AppendUint(b, d.To, 10)
	b = append(b, `,"seats":[`...)
	for i, c := range d.Seats {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '[')
		b = strconv.AppendUint(b, uint64(c.Seat), 10)
		b = append(b, ',', '0'+byte(c.Status&3), ']')
	}
	b = append(b, ']')
	return append(appendAreasFree(b, d.Areas), `}}`...)
}

func appendQuoted(b []byte, s string) []byte {
	quoted, _ := json.Marshal(s) // a string cannot fail
	return append(b, quoted...)
}

// appendBinSnapshot appends the binary frame that answers subscription id with a map:
// 1, id, version, N, the epoch's 16 bytes, the packed map. An epoch that is not 32 hex
// digits is the engine's mistake, and becomes zeros: clients resume nowhere with it.
func appendBinSnapshot(b []byte, id uint64, m *engine.SeatMap) []byte {
	b = append(b, binSnapshot)
	b = binary.AppendUvarint(b, id)
	b = binary.AppendUvarint(b, m.Version)
	b = binary.AppendUvarint(b, uint64(m.Seats))
	var epoch [epochBytes]byte
	if raw, err := hex.DecodeString(m.Epoch); err == nil && len(raw) == epochBytes {
		copy(epoch[:], raw)
	}
	b = append(b, epoch[:]...)
	return append(b, m.Packed...)
}

// appendBinDelta appends the binary frame of a delta for subscription id: 2, id, from,
// to, count, and for each seat the gap to the one before, with its state below.
func appendBinDelta(b []byte, id uint64, d engine.Delta) []byte {
	b = append(b, binDelta)
	b = binary.AppendUvarint(b, id)
	b = binary.AppendUvarint(b, d.From)
	b = binary.AppendUvarint(b, d.To)
	b = binary.AppendUvarint(b, uint64(len(d.Seats)))
	next := uint64(0) // the least index that may come
	for _, c := range d.Seats {
		b = binary.AppendUvarint(b, (uint64(c.Seat)-next)<<2|uint64(c.Status&3))
		next = uint64(c.Seat) + 1
	}
	return b
}
