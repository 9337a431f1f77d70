package shard

// Key makes a command repeatable: the same key with the same fingerprint gets the first
// answer again, for Retention of log time. The zero Key asks for nothing.
type Key struct {
	Hash  [16]byte // of caller, operation, event and the client's key
	Print [32]byte // SHA-256 of the canonical request
}

// IsZero tells whether the command carries no key.
func (k *Key) IsZero() bool { return k.Hash == [16]byte{} }

const keysInPage = 64

// answer is what the first command with a key was told. Only commands that did
// something are remembered: a refusal may be another answer tomorrow.
type answer struct {
	key     Key
	at      int64
	token   uint64
	version uint64
	expires int64
	number  uint32
	count   uint32
}

type keyPage struct {
	gen  uint64
	recs [keysInPage]answer
}

// keyTable is a queue of answers, oldest first, with an index beside it. Answer seq
// stands in pages[seq/64 − base].
type keyTable struct {
	pages []*keyPage
	base  uint64              // number of the first page that is still there
	head  uint64              // seq of the oldest answer kept
	next  uint64              // seq of the next one
	index map[[16]byte]uint64 // derived: newest seq with that hash
}

func (t *keyTable) at(seq uint64) *answer {
	return &t.pages[seq/keysInPage-t.base].recs[seq%keysInPage]
}

// full tells whether a command with this key could not be remembered.
func (t *keyTable) full(limit uint32, k *Key) bool {
	return !k.IsZero() && t.next-t.head >= uint64(limit)
}

// due is when the oldest answer may be forgotten.
func (t *keyTable) due() int64 {
	if t.head == t.next {
		return never
	}
	return t.at(t.head).at + Retention
}

// Keys is how many idempotent answers the event remembers.
func (e *Event) Keys() int { return int(e.keys.next - e.keys.head) }

// Recall tells what a command with this key was told, if the key is known at now; a read.
func (e *Event) Recall(now int64, k *Key, out *Result) bool {
	out.reset(now)
	return e.recall(now, k, out)
}

// recall answers a command whose key is known; a read.
func (e *Event) recall(now int64, k *Key, out *Result) bool {
	if k.IsZero() {
		return false
	}
	seq, ok := e.keys.index[k.Hash]
	if !ok {
		return false
	}
	a := e.keys.at(seq)
	if a.at+Retention <= now {
		return false
	}
	out.Event = e.no
	if a.key.Print != k.Print {
		out.Version = e.version
		out.Err = ErrIdempotencyMismatch
		return true
	}
	out.Number, out.Token, out.Version, out.Expires, out.Count = a.number, a.token, a.version, a.expires, a.count
	out.Now, out.Replayed = a.at, true
	return true
}

// remember keeps the answer in out under the key; there is room, the caller checked.
func (e *Event) remember(now int64, k *Key, out *Result) {
	if k.IsZero() {
		return
	}
	t := &e.keys
	seq := t.next
	pg := seq/keysInPage - t.base
	if pg == uint64(len(t.pages)) {
		t.pages = append(t.pages, &keyPage{gen: e.gen})
	}
	if p := t.pages[pg]; p.gen != e.gen {
		c := *p
		c.gen = e.gen
		t.pages[pg] = &c
	}
	t.next++
	a := t.at(seq)
	*a = answer{key: *k, at: now, token: out.Token, version: out.Version, expires: out.Expires, number: out.Number, count: out.Count}
	e.sum += a.sum(seq)
	t.put(k.Hash, seq)
	e.due = min(e.due, t.due())
}

func (t *keyTable) put(h [16]byte, seq uint64) {
	if t.index == nil {
		t.index = make(map[[16]byte]uint64)
	}
	t.index[h] = seq
}

// forgetKeys drops up to limit answers that are older than Retention.
func (e *Event) forgetKeys(now int64, limit int) int {
	t := &e.keys
	done := 0
	for t.head < t.next && done < limit {
		a := t.at(t.head)
		if a.at+Retention > now {
			break
		}
		e.sum -= a.sum(t.head)
		if t.index[a.key.Hash] == t.head {
			delete(t.index, a.key.Hash)
		}
		t.head++
		done++
		if t.head%keysInPage == 0 {
			t.pages[0] = nil
			t.pages = t.pages[1:]
			t.base++
		}
	}
	return done
}
