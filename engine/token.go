package engine

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"strings"
)

const (
	tokenVersion = 1
	tokenPrefix  = "ua1."
	maxTokenLen  = 1024 // characters
)

// tokenEncoding has one way to write something.
var tokenEncoding = base64.RawURLEncoding.Strict()

// tokenPayload is what an admission token says. Its holder is there as a hash: who shows it has
// to name the holder.
type tokenPayload struct {
	V     int    `json:"v"`
	Key   uint32 `json:"k"` // number of the room's key that signed it
	Group int    `json:"g"`
	No    uint32 `json:"r"`     // of the room in its group
	Epoch string `json:"epoch"` // hex; another one after a restore from a backup
	Room  string `json:"room"`
	// Ticket and Entrant (hex) say who was admitted.
	Ticket  string `json:"t"`
	Entrant string `json:"e"`
	Exp     int64  `json:"exp"` // unix seconds: the first use, or if the session has begun its end
}

// token is the admission of a ticket until a time in unix ms. No token names its algorithm: it is
// HMAC-SHA256.
func (r *roomRef) token(keyNo, n uint32, entrant [16]byte, until int64) string {
	payload, err := json.Marshal(tokenPayload{
		V: tokenVersion, Key: keyNo, Group: r.group, No: r.no, Epoch: hex.EncodeToString(r.epoch[:]), Room: r.id,
		Ticket: r.ticketID(n), Entrant: hex.EncodeToString(entrant[:]), Exp: until / 1000,
	})
	if err != nil {
		return "" // numbers and strings can always be written
	}
	text := tokenPrefix + tokenEncoding.EncodeToString(payload)
	mac := r.sign(keyNo, text)
	return text + "." + tokenEncoding.EncodeToString(mac[:])
}

// key is one of the keys that sign the room's tokens; numbers are from 1.
func (r *roomRef) key(no uint32) []byte {
	h := hmac.New(sha256.New, r.secret[:])
	_, _ = h.Write(binary.BigEndian.AppendUint32([]byte("usher admission key"), no)) // a hash does not fail
	return h.Sum(nil)
}

func (r *roomRef) sign(keyNo uint32, text string) (mac [sha256.Size]byte) {
	h := hmac.New(sha256.New, r.key(keyNo))
	_, _ = h.Write([]byte(text))
	h.Sum(mac[:0])
	return mac
}

// shownToken is a token before it was verified.
type shownToken struct {
	tokenPayload
	ticket rawID
	signed string
	mac    [sha256.Size]byte
}

// parseToken reads a token; false for anything that has not its form.
func parseToken(text string) (t shownToken, ok bool) {
	// The decoder skips line breaks.
	if len(text) > maxTokenLen || !strings.HasPrefix(text, tokenPrefix) || strings.ContainsAny(text, "\r\n") {
		return t, false
	}
	dot := strings.LastIndexByte(text, '.')
	if dot < len(tokenPrefix) {
		return t, false
	}
	t.signed = text[:dot]
	payload, err := tokenEncoding.DecodeString(t.signed[len(tokenPrefix):])
	if err != nil {
		return t, false
	}
	mac, err := tokenEncoding.DecodeString(text[dot+1:])
	if err != nil || copy(t.mac[:], mac) != len(t.mac) || len(mac) != len(t.mac) {
		return t, false
	}
	if json.Unmarshal(payload, &t.tokenPayload) != nil || t.V != tokenVersion {
		return t, false
	}
	t.ticket, ok = parseID(kindTicket, t.Ticket)
	return t, ok
}

// genuine tells whether the room has signed the token, with whichever of its keys.
func (t *shownToken) genuine(r *roomRef) bool {
	want := r.sign(t.Key, t.signed)
	return subtle.ConstantTimeCompare(want[:], t.mac[:]) == 1 &&
		t.Group == r.group && t.No == r.no && t.Room == r.id && t.Epoch == hex.EncodeToString(r.epoch[:]) &&
		t.ticket.group == r.group && t.ticket.event == r.no && t.ticket.genuine(r.tickets.of(kindTicket, t.ticket.number))
}
