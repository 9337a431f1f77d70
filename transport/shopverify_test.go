package transport

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// What follows is a shop's own verifier, as docs/API.md shows it; TestShopsVerifyTokens holds
// both to each other and to real tokens.

type admission struct {
	V      int    `json:"v"`
	Key    int    `json:"k"`
	Room   string `json:"room"`
	Ticket string `json:"t"` // of one admission: let it in once
	Exp    int64  `json:"exp"`
}

func verify(token string, keys map[int][]byte, room string, now time.Time) (a admission, ok bool) {
	signed, mac := token, ""
	if dot := strings.LastIndexByte(token, '.'); dot >= 0 {
		signed, mac = token[:dot], token[dot+1:]
	}
	payload, versioned := strings.CutPrefix(signed, "ua1.")
	text, err := base64.RawURLEncoding.DecodeString(payload)
	if !versioned || err != nil || json.Unmarshal(text, &a) != nil {
		return admission{}, false
	}
	key, known := keys[a.Key]
	h := hmac.New(sha256.New, key)
	h.Write([]byte(signed))
	got, err := base64.RawURLEncoding.DecodeString(mac)
	ok = known && err == nil && hmac.Equal(got, h.Sum(nil)) && a.V == 1 && a.Room == room && a.Exp > now.Unix()
	return a, ok
}
