package shard

import "encoding/binary"

// freeMap is the set of an event's seats that are available.
type freeMap = seatSet

// freeMap builds the set in buf, if that is large enough. It is a read.
func (e *Event) freeMap(buf freeMap) freeMap {
	m := buf.sized(len(e.seatPages) * seatsInPage / 64)
	for i, p := range e.seatPages {
		p.free(m[i*seatsInPage/64:])
	}
	m = m[:wordsOf(e.seats)]
	if tail := e.seats & 63; tail != 0 {
		m[len(m)-1] &= 1<<tail - 1
	}
	return m
}

// free writes the words of one page.
func (p *seatPage) free(m freeMap) {
	for w := range seatsInPage / 64 {
		lo := binary.LittleEndian.Uint64(p.packed[16*w:])
		hi := binary.LittleEndian.Uint64(p.packed[16*w+8:])
		m[w] = zeroPairs(lo) | zeroPairs(hi)<<32
	}
}

// zeroPairs has bit i set when bits 2i and 2i+1 of v are 0, i < 32: [Available] is 0.
func zeroPairs(v uint64) uint64 {
	v = ^(v | v>>1) & 0x5555555555555555
	v = (v | v>>1) & 0x3333333333333333
	v = (v | v>>2) & 0x0f0f0f0f0f0f0f0f
	v = (v | v>>4) & 0x00ff00ff00ff00ff
	v = (v | v>>8) & 0x0000ffff0000ffff
	return (v | v>>16) & 0xffffffff
}
