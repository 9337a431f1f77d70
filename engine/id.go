package engine

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"strings"

	"github.com/usherhq/usher/shard"
)

// The ids people see carry where a thing is (group, event, number), so that any node
// finds it, and ten bytes that only who knows the event's secret can make, so that none
// can be guessed. Those are the first bytes of AES of the one block that holds the rest:
// a block cipher is a pseudo-random function of blocks that never repeat.

type idKind byte

const (
	kindHold    idKind = 1
	kindBooking idKind = 2
	kindTicket  idKind = 3 // its event is a number of a waiting room

	idPlain = 1 + 3 + 4
	idMAC   = 10
	idLen   = 5 + 29 // characters: the prefix, and base 32 of the rest
)

var idPrefix = [...]string{kindHold: "hold_", kindBooking: "book_", kindTicket: "tick_"}

const idAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

var idEncoding = base32.NewEncoding(idAlphabet).WithPadding(base32.NoPadding)

// rawID is an id before it was verified.
type rawID struct {
	kind   idKind
	group  int
	event  uint32
	number uint32
	mac    [idMAC]byte
}

// idEra makes the ids of numbers that were given since a restore.
type idEra struct {
	hold, booking uint64 // the first number of each kind; of a room, hold is that of tickets
	cipher        cipher.Block
}

// idCiphers are those of an event. An id that the old cluster gave after the backup was
// made has a number of the present era, and does not fit its cipher: it is unknown,
// whoever has the number now.
type idCiphers struct {
	now  idEra
	past []idEra // before it, oldest first; the first one has every number
}

func newIDCiphers(secret [32]byte, eras []shard.Era) (c idCiphers, err error) {
	for i, era := range eras {
		key := secret
		if i > 0 {
			key = sha256.Sum256(append(secret[:], era.Salt[:]...))
			c.past = append(c.past, c.now)
		}
		c.now = idEra{hold: era.Hold, booking: era.Booking}
		if c.now.cipher, err = aes.NewCipher(key[:16]); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (a *idEra) has(kind idKind, number uint32) bool {
	if kind == kindBooking {
		return uint64(number) >= a.booking
	}
	return uint64(number) >= a.hold
}

// of is the cipher of a number.
func (c *idCiphers) of(kind idKind, number uint32) cipher.Block {
	if c.now.has(kind, number) {
		return c.now.cipher
	}
	for i := len(c.past) - 1; ; i-- {
		if c.past[i].has(kind, number) {
			return c.past[i].cipher
		}
	}
}

func makeID(c cipher.Block, kind idKind, group int, event, number uint32) string {
	var text [idLen]byte
	putID(&text, c, kind, group, event, number)
	return string(text[:])
}

func putID(text *[idLen]byte, c cipher.Block, kind idKind, group int, event, number uint32) {
	var raw [idPlain + idMAC]byte
	mac := idMAC10(c, kind, group, event, number)
	raw[0] = byte(group)
	raw[1], raw[2], raw[3] = byte(event>>16), byte(event>>8), byte(event)
	binary.BigEndian.PutUint32(raw[4:], number)
	copy(raw[idPlain:], mac[:])
	n := copy(text[:], idPrefix[kind])
	encodeID(text[n:], raw[:])
}

// encodeID is idEncoding.Encode, at a fifth of its price: every grant has an id.
func encodeID(dst, raw []byte) {
	acc, bits, k := uint32(0), 0, 0
	for _, b := range raw {
		acc = acc<<8 | uint32(b)
		for bits += 8; bits >= 5; k++ {
			bits -= 5
			dst[k] = idAlphabet[acc>>bits&31]
		}
	}
	if bits > 0 {
		dst[k] = idAlphabet[acc<<(5-bits)&31]
	}
}

func idMAC10(c cipher.Block, kind idKind, group int, event, number uint32) (mac [idMAC]byte) {
	var in, out [aes.BlockSize]byte
	in[0] = byte(kind)
	in[1] = byte(group)
	binary.BigEndian.PutUint32(in[4:], event)
	binary.BigEndian.PutUint32(in[8:], number)
	c.Encrypt(out[:], in[:])
	copy(mac[:], out[:])
	return mac
}

// parseID reads an id of the kind; false for anything that is none.
func parseID(kind idKind, id string) (rawID, bool) {
	text, ok := strings.CutPrefix(id, idPrefix[kind])
	if !ok || len(text) != idEncoding.EncodedLen(idPlain+idMAC) {
		return rawID{}, false
	}
	b, err := idEncoding.DecodeString(text)
	if err != nil || idEncoding.EncodeToString(b) != text {
		return rawID{}, false
	}
	r := rawID{
		kind: kind, group: int(b[0]), event: uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3]),
		number: binary.BigEndian.Uint32(b[4:]),
	}
	copy(r.mac[:], b[idPlain:])
	return r, true
}

// genuine tells whether the id was made with the event's secret.
func (r *rawID) genuine(c cipher.Block) bool {
	want := idMAC10(c, r.kind, r.group, r.event, r.number)
	return subtle.ConstantTimeCompare(want[:], r.mac[:]) == 1
}
