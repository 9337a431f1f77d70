package transport

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestShopsVerifyTokens: what docs/API.md tells shops to do with a token takes real ones, and
// no others.
func TestShopsVerifyTokens(t *testing.T) {
	docs := readText(t, "../docs/API.md")
	_, ours, _ := strings.Cut(readText(t, "shopverify_test.go"), "\n\ntype admission struct")
	if block := codeBlock(t, docs, "go"); block != "type admission struct"+ours {
		t.Errorf("docs/API.md has another verifier than shopverify_test.go:\n%s", block)
	}

	h := newRealHouse(t, 20)
	id, path := h.roomEvent("2031-01-02", "", `{"max_active":100,"new_per_minute":60000,"return_urls":["https://shop.example/in"]}`)
	room := "event/" + id
	ticket, token := h.redirected(path, "ann")
	keys := h.keys(id)
	now := time.Now()
	a, ok := verify(token, keys, room, now)
	if !ok || a.Ticket != ticket || a.Exp < now.Unix()+60 {
		t.Errorf("the real token: %v %+v", ok, a)
	}
	h.want(h.call("PATCH", path+"/room", `{"rotate_key":true}`), 200, "")
	_, second := h.redirected(path, "bob")
	if _, ok := verify(second, keys, room, now); ok {
		t.Error("a token of a key that is not known was taken")
	}
	keys = h.keys(id)
	if _, ok := verify(second, keys, room, now); !ok || len(keys) != 2 {
		t.Errorf("the new key's token was not taken; %d keys", len(keys))
	}
	if _, ok := verify(token, keys, room, now); !ok {
		t.Error("the token of the key before was not taken")
	}

	bad := forgeries(token)
	for _, text := range bad {
		if _, ok := verify(text, keys, room, now); ok {
			t.Errorf("taken: %q", text)
		}
	}
	if _, ok := verify(token, keys, "event/other", now); ok {
		t.Error("taken for another room")
	}
	if _, ok := verify(token, keys, room, now.Add(time.Hour)); ok {
		t.Error("taken after its end")
	}
	runNodeVerifier(t, codeBlock(t, docs, "js"), []string{token, second}, bad, keys, room)
}

// redirected joins with an address to return to, and takes the query of the redirect apart.
func (h *house) redirected(path, holder string) (ticket, token string) {
	h.Helper()
	a := h.want(h.call("POST", path+"/queue", fmt.Sprintf(`{"holder_id":%q,"return_url":"https://shop.example/in/?a=1"}`, holder)), 201, "")
	to, err := url.Parse(fmt.Sprint(a.json["redirect_url"]))
	if err != nil || to.Host != "shop.example" || to.Query().Get("a") != "1" {
		h.Fatalf("admitted at once, to %v: %s", to, a.body)
	}
	ticket, token = to.Query().Get(ticketParam), to.Query().Get(tokenParam)
	if ticket != a.json["ticket"] || token != a.json["admission_token"] {
		h.Errorf("the address has ticket %q and token %q: %s", ticket, token, a.body)
	}
	return ticket, token
}

// keys are the event's, as operators get them.
func (h *house) keys(eventID string) map[int][]byte {
	h.Helper()
	r := httptest.NewRequest("GET", "/rooms/"+eventID+"/keys", nil)
	r.Header.Set(OperatorHeader, "test")
	w := httptest.NewRecorder()
	h.server.OpsHandler().ServeHTTP(w, r)
	var list []struct {
		No  int    `json:"no"`
		Key []byte `json:"key"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || w.Code != http.StatusOK {
		h.Fatalf("the keys: %d %v %s", w.Code, err, w.Body)
	}
	keys := map[int][]byte{}
	for _, k := range list {
		keys[k.No] = k.Key
	}
	return keys
}

// forgeries are texts that are nearly the token.
func forgeries(token string) []string {
	list := []string{"", ".", "..", "ua1", "ua1.", "ua1..", "ua1.e30.", "ua1.bnVsbA." + strings.Repeat("A", 43), token + "A", "ua2" + token[3:], token[:len(token)-1]}
	end := strings.LastIndexByte(token, '.')
	for i := range end { // not the last character of the signature, some of whose bits count for nothing
		c := byte('A')
		if token[i] == c {
			c = 'B'
		}
		list = append(list, token[:i]+string(c)+token[i+1:])
	}
	payload, _ := base64.RawURLEncoding.DecodeString(token[4:end])
	for old, other := range map[string]string{`"k":1`: `"k":9`, `"k":1,`: `"k":"constructor",`, `"exp":1`: `"exp":9`} {
		forged := base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(payload), old, other, 1)))
		list = append(list, "ua1."+forged+token[end:])
	}
	return list
}

// runNodeVerifier has node judge the same tokens with the verifier in the documents.
func runNodeVerifier(t *testing.T, code string, good, bad []string, keys map[int][]byte, room string) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("the document's JavaScript wants node")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "verify.mjs"), []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	input, err := json.Marshal(map[string]any{"good": good, "bad": bad, "keys": keys, "room": room})
	if err != nil {
		t.Fatal(err)
	}
	const script = `import { verify } from './verify.mjs';
import { readFileSync } from 'node:fs';
const { good, bad, keys, room } = JSON.parse(readFileSync(0, 'utf8'));
const map = new Map(Object.entries(keys).map(([no, key]) => [Number(no), Buffer.from(key, 'base64')]));
const later = Date.now() / 1000 + 3600;
console.log(JSON.stringify({
  good: good.map((t) => verify(t, map, room)?.t ?? ''),
  taken: [...bad.filter((t) => verify(t, map, room)), ...good.filter((t) => verify(t, map, 'event/other') || verify(t, map, room, later) || verify(t, new Map(), room))],
}));`
	if err := os.WriteFile(filepath.Join(dir, "main.mjs"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, filepath.Join(dir, "main.mjs"))
	cmd.Stdin = strings.NewReader(string(input))
	out, err := cmd.CombinedOutput()
	var got struct{ Good, Taken []string }
	if err != nil || json.Unmarshal(out, &got) != nil {
		t.Fatalf("node: %v\n%s", err, out)
	}
	for i, ticket := range got.Good {
		if !strings.HasPrefix(ticket, "tick_") {
			t.Errorf("node does not take %s", good[i])
		}
	}
	if len(got.Good) != len(good) || len(got.Taken) > 0 {
		t.Errorf("node: %d of %d good ones, and took %q", len(got.Good), len(good), got.Taken)
	}
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// codeBlock is the one block of a language in a document.
func codeBlock(t *testing.T, text, language string) string {
	t.Helper()
	parts := strings.Split(text, "```"+language+"\n")
	if len(parts) != 2 {
		t.Fatalf("%d blocks of %s in the document, want one", len(parts)-1, language)
	}
	block, _, _ := strings.Cut(parts[1], "```")
	return block
}
