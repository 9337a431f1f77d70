package transport

import (
	"bytes"
	"container/list"
	"context"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// cache keeps rendered bodies, the latest under each name, bounded in bytes: the one
// used longest ago goes first. Requests for the same body at once render it once, and few
// are rendered at a time, since each may take 10 MB.
type cache struct {
	renders chan struct{} // a place for each rendering under way

	mu      sync.Mutex
	max     int
	used    int // sum of the sizes of the entries, <= max after every call
	entries map[string]*entry
	recent  *list.List // of *entry, the one used last in front
}

// entry is one body. plain is set before anybody gets the entry, and never changes.
type entry struct {
	cache *cache
	name  string
	etag  string
	plain []byte
	zip   func() []byte

	// Guarded by cache.mu.
	size  int
	place *list.Element // nil when it has left the cache
}

func newCache(max int) *cache {
	return &cache{renders: make(chan struct{}, 2), max: max, entries: map[string]*entry{}, recent: list.New()}
}

// find returns the body under a name if it is the one that etag names.
func (c *cache) find(name, etag string) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[name]
	if e == nil || e.etag != etag {
		return nil
	}
	c.recent.MoveToFront(e.place)
	return e
}

// get is find, or else renders the body and keeps it in place of the one before. It
// waits for its turn; the only error is the context's.
func (c *cache) get(ctx context.Context, name, etag string, render func() []byte) (*entry, error) {
	if e := c.find(name, etag); e != nil {
		return e, nil
	}
	select {
	case c.renders <- struct{}{}:
		defer func() { <-c.renders }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if e := c.find(name, etag); e != nil { // rendered while we waited
		return e, nil
	}
	e := &entry{cache: c, name: name, etag: etag, plain: render()}
	e.zip = sync.OnceValue(e.compress)
	c.keep(e)
	return e, nil
}

func (c *cache) keep(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.entries[e.name]; old != nil {
		c.drop(old)
	}
	e.place = c.recent.PushFront(e)
	c.entries[e.name] = e
	c.grow(e, len(e.plain)+len(e.name)+len(e.etag))
}

// grow accounts for n more bytes of an entry, and makes room for them.
func (c *cache) grow(e *entry, n int) {
	if e.place == nil {
		return
	}
	e.size += n
	for c.used += n; c.used > c.max; {
		c.drop(c.recent.Back().Value.(*entry))
	}
}

func (c *cache) drop(e *entry) {
	c.recent.Remove(e.place)
	delete(c.entries, e.name)
	c.used -= e.size
	e.place = nil
}

// gzipped is the body compressed; the first who asks does it.
func (e *entry) gzipped() []byte { return e.zip() }

func (e *entry) compress() []byte {
	var out bytes.Buffer
	out.Grow(len(e.plain) / 8)
	z, _ := gzip.NewWriterLevel(&out, gzip.BestSpeed) // the level is a valid one
	_, _ = z.Write(e.plain)                           // into memory: cannot fail
	_ = z.Close()
	e.cache.mu.Lock()
	defer e.cache.mu.Unlock()
	e.cache.grow(e, out.Len())
	return out.Bytes()
}
