package main

// diary is what people mean to do, and when: a binary heap, the earliest first.
type diary []entry

type entry struct {
	at   int64
	who  uint32
	what intent
}

type intent uint8

const (
	toArrive intent = iota
	toGiveUp        // in the lobby
	toAskETA        // a minute after the place is known
	toLook          // whether it is worth waiting on
	toCome          // into the shop
	toChoose        // seats
	toDecide        // what becomes of the hold
)

func (d *diary) add(at int64, who uint32, what intent) {
	h := append(*d, entry{at, who, what})
	for i := len(h) - 1; i > 0; {
		up := (i - 1) / 2
		if h[up].at <= h[i].at {
			break
		}
		h[up], h[i] = h[i], h[up]
		i = up
	}
	*d = h
}

// due takes the earliest out if its time has come.
func (d *diary) due(now int64) (e entry, ok bool) {
	h := *d
	if len(h) == 0 || h[0].at > now {
		return e, false
	}
	e = h[0]
	last := len(h) - 1
	h[0], h = h[last], h[:last]
	for i := 0; ; {
		k := 2*i + 1
		if k >= last {
			break
		}
		if k+1 < last && h[k+1].at < h[k].at {
			k++
		}
		if h[i].at <= h[k].at {
			break
		}
		h[i], h[k] = h[k], h[i]
		i = k
	}
	*d = h
	return e, true
}
