package proptest

import (
	"crypto/sha256"
	"math/big"
	"math/rand/v2"
	"slices"

	"github.com/usherhq/usher/waitroom"
)

// begin opens the room when its time has come. The model draws at once; others hear of it
// place by place.
func (m *ModelRoom) begin(now int64) {
	if m.Phase != waitroom.Before || now < m.Cfg.OpensAt {
		return
	}
	if m.admits() {
		m.Since = now
	}
	m.Phase = waitroom.Line
	var ids [][16]byte
	for _, t := range m.Tickets {
		if t.State == waitroom.InLobby {
			m.Listed = append(m.Listed, t.No)
			ids = append(ids, t.ID)
		}
	}
	if len(ids) == 0 {
		return
	}
	m.Phase, m.DrawAt = waitroom.Drawing, now
	order, digest := DrawOrder(m.Seed, ids)
	m.Digest = digest
	for i := range m.Lanes {
		m.occupy(i)
	}
	for _, i := range order {
		t := m.ticket(m.Listed[i])
		m.Order = append(m.Order, t.No)
		m.Lanes[t.Lane].Line = append(m.Lanes[t.Lane].Line, t.No)
	}
}

// DrawOrder is the draw as it is documented for people who want to see for themselves: the
// indexes of the ids as they are drawn, and their digest.
func DrawOrder(seed [32]byte, ids [][16]byte) (order []int, digest [32]byte) {
	var text []byte
	order = make([]int, len(ids))
	for i, id := range ids {
		text = append(text, id[:]...)
		order[i] = i
	}
	digest = sha256.Sum256(text)
	generator := rand.NewChaCha8(sha256.Sum256(slices.Concat([]byte("usher draw 1\n"), seed[:], digest[:])))
	for i := range order {
		k := i + evenly(generator.Uint64, len(order)-i)
		order[i], order[k] = order[k], order[i]
	}
	return order, digest
}

// evenly is a number from 0 to n-1, in numbers of any size.
func evenly(next func() uint64, n int) int {
	range64 := new(big.Int).Lsh(big.NewInt(1), 64)
	bad := new(big.Int).Mod(range64, big.NewInt(int64(n)))
	for {
		product := new(big.Int).Mul(new(big.Int).SetUint64(next()), big.NewInt(int64(n)))
		high, low := new(big.Int).DivMod(product, range64, new(big.Int))
		if low.Cmp(bad) >= 0 {
			return int(high.Int64())
		}
	}
}

// hear lets people hear of so many places of the draw.
func (m *ModelRoom) hear(drawn int) {
	for ; m.Drawn < drawn; m.Drawn++ {
		t := m.ticket(m.Order[m.Drawn])
		t.Place = uint32(slices.Index(m.Lanes[t.Lane].Line, t.No)) + 1
		if t.State == waitroom.InLobby {
			t.State = waitroom.Waiting
		}
	}
	if m.Phase == waitroom.Drawing && m.Drawn == len(m.Order) {
		m.Phase = waitroom.Line
	}
}

// drawn tells whether that ticket's place in the draw is known.
func (m *ModelRoom) drawn(n uint32) bool { return slices.Contains(m.Order[:m.Drawn], n) }

// hidden tells whether some places of a lane are still to be drawn, be it for who has left.
func (m *ModelRoom) hidden(lane int) bool {
	return slices.ContainsFunc(m.Order[m.Drawn:], func(n uint32) bool { return int(m.ticket(n).Lane) == lane })
}
