package proptest

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"

	"github.com/usherhq/usher/engine"
)

// door is a waiting room of the test's own, as plain as can be: so many shoppers inside at
// once, the others wait in line, and who leaves makes room. A token is a MAC over event
// and holder, good for as long as the holder is inside.
type door struct {
	event string
	room  int
	key   []byte

	mu     sync.Mutex
	space  *sync.Cond
	inside map[string]bool
	most   int // that were inside at once
}

var _ engine.Admission = (*door)(nil)

func newDoor(room int) *door {
	d := &door{room: room, key: make([]byte, 32), inside: make(map[string]bool)}
	d.space = sync.NewCond(&d.mu)
	rand.Read(d.key)
	return d
}

func (d *door) sign(event, holder string) string {
	mac := hmac.New(sha256.New, d.key)
	fmt.Fprintf(mac, "%s\x00%s", event, holder)
	return hex.EncodeToString(mac.Sum(nil))
}

// enter waits in line; what it returns opens the event until leave.
func (d *door) enter(holder string) (token string, leave func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.inside) >= d.room {
		d.space.Wait()
	}
	d.inside[holder] = true
	d.most = max(d.most, len(d.inside))
	return d.sign(d.event, holder), func() { d.leave(holder) }
}

func (d *door) leave(holder string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.inside, holder)
	d.space.Signal()
}

// Admitted is asked by the engine, before a claim enters the log.
func (d *door) Admitted(_ context.Context, event, holder, token string) error {
	if !hmac.Equal([]byte(token), []byte(d.sign(event, holder))) {
		return fmt.Errorf("%w: not ours", engine.ErrAdmissionInvalid)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.inside[holder] {
		return fmt.Errorf("%w: the session is over", engine.ErrAdmissionInvalid)
	}
	return nil
}
