package engine

import (
	"strings"
	"testing"

	"github.com/usherhq/usher/waitroom"
)

// testRoom is a room that no log knows.
func testRoom(t testing.TB, no uint32, secret byte) *roomRef {
	t.Helper()
	r, err := newRoomRef(nil, 3, &waitroom.RoomInfo{
		No: no, ID: "event/hall:2027-05-01", Secret: [32]byte{secret}, Epoch: [16]byte{9}, Eras: []waitroom.Era{{}}, KeyNo: 1,
		Config: waitroom.Config{Tiers: []waitroom.Tier{{Name: "gold"}, {Name: "platinum"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func genuine(r *roomRef, text string) bool {
	t, ok := parseToken(text)
	return ok && t.genuine(r)
}

func TestTokenSaysWhatItWasMadeOf(t *testing.T) {
	r := testRoom(t, 2, 1)
	text := r.token(7, 42, [16]byte{0xab}, 1_700_000_000_999)
	got, ok := parseToken(text)
	if !ok || !got.genuine(r) {
		t.Fatalf("%s is not genuine", text)
	}
	want := tokenPayload{
		V: 1, Key: 7, Group: 3, No: 2, Epoch: "09" + strings.Repeat("0", 30), Room: "event/hall:2027-05-01",
		Ticket: r.ticketID(42), Entrant: "ab" + strings.Repeat("0", 30), Exp: 1_700_000_000,
	}
	if got.tokenPayload != want || got.ticket.number != 42 || len(text) > maxTokenLen {
		t.Errorf("%+v, want %+v", got.tokenPayload, want)
	}
}

// TestTokenForgeries: whatever byte is another one, it is no token of the room.
func TestTokenForgeries(t *testing.T) {
	r := testRoom(t, 2, 1)
	text := r.token(1, 42, [16]byte{0xab}, 1_700_000_000_000)
	for i := range len(text) {
		for _, c := range []byte{text[i] ^ 1, text[i] ^ 2, text[i] ^ 0x20, '.', 'A', '\n'} {
			if forged := text[:i] + string(c) + text[i+1:]; forged != text && genuine(r, forged) {
				t.Fatalf("byte %d of %s may be %q", i, text, c)
			}
		}
		if genuine(r, text[:i]) || genuine(r, text[:i]+text[i+1:]) || genuine(r, text[:i]+"\n"+text[i:]) {
			t.Fatalf("a piece up to %d, or one without that byte, or a line break there, is taken for a token", i)
		}
	}
	last := strings.LastIndexByte(text, '.')
	for name, forged := range map[string]string{
		"another secret":  testRoom(t, 2, 2).token(1, 42, [16]byte{0xab}, 1_700_000_000_000),
		"another room":    testRoom(t, 1, 1).token(1, 42, [16]byte{0xab}, 1_700_000_000_000),
		"no signature":    text[:last] + ".",
		"padding":         text + "=",
		"a longer one":    text + strings.Repeat("A", maxTokenLen),
		"another's words": testRoom(t, 2, 2).token(1, 43, [16]byte{0xab}, 1_700_000_000_000)[:last] + text[last:],
		"nothing":         "",
	} {
		if genuine(r, forged) {
			t.Errorf("%s: taken for a token", name)
		}
	}
}

func TestTicketIDs(t *testing.T) {
	eras := []waitroom.Era{{}, {First: 100, Salt: [16]byte{1}}}
	old, restored := testRoom(t, 2, 1), testRoom(t, 2, 1)
	restored, err := newRoomRef(nil, 3, &waitroom.RoomInfo{No: 2, Secret: restored.secret, Eras: eras})
	if err != nil {
		t.Fatal(err)
	}
	check := func(r *roomRef, id string) bool {
		raw, ok := parseID(kindTicket, id)
		return ok && raw.genuine(r.tickets.of(kindTicket, raw.number))
	}
	if id := old.ticketID(99); !check(restored, id) || restored.ticketID(99) != id || !strings.HasPrefix(id, "tick_") {
		t.Errorf("%s of before the backup is unknown", id)
	}
	// The old cluster gave it after the backup: here somebody else may have the number.
	if id := old.ticketID(100); check(restored, id) || !check(restored, restored.ticketID(100)) {
		t.Errorf("%s of after the backup", id)
	}
}

// FuzzToken: nothing breaks the parser, and what it takes for genuine is what was made.
func FuzzToken(f *testing.F) {
	r := testRoom(f, 2, 1)
	good := r.token(1, 42, [16]byte{0xab}, 1_700_000_000_000)
	for _, s := range []string{good, "", "ua1..", "ua1.e30.AAAA", good[:len(good)-1], strings.ToUpper(good)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got, ok := parseToken(text); ok && got.genuine(r) && text != good {
			t.Fatalf("%q is taken for genuine", text)
		}
	})
}
