package waitroom

import "io"

type Rooms struct{ inv Inventory }

func New(inv Inventory) *Rooms { return &Rooms{inv: inv} }

func Restore(r io.Reader, inv Inventory) (*Rooms, error) { return New(inv), nil }

func (rs *Rooms) Len() int                                               { return 0 }
func (rs *Rooms) Find(id string) (no uint32, ok bool)                    { return 0, false }
func (rs *Rooms) Of(event uint32) (no uint32, ok bool)                   { return 0, false }
func (rs *Rooms) Room(no uint32) *Room                                   { return nil }
func (rs *Rooms) Open(now int64, c *OpenRoom) (no uint32, err error)     { return 0, nil }
func (rs *Rooms) Join(now int64, c *Join) ([]Joined, error)              { return nil, nil }
func (rs *Rooms) Leave(now int64, c *Leave) error                        { return nil }
func (rs *Rooms) Enter(now int64, p Pass, event uint32) (int64, error)   { return 0, nil }
func (rs *Rooms) Took(p Pass, event, hold uint32)                        {}
func (rs *Rooms) Booked(now int64, event, hold uint32)                   {}
func (rs *Rooms) Set(now int64, c *Set) error                            { return nil }
func (rs *Rooms) Step(now int64, limit int) (admitted uint32, more bool) { return 0, false }
func (rs *Rooms) Due(now int64) bool                                     { return false }
func (rs *Rooms) Freeze() *Frozen                                        { return nil }
func (rs *Rooms) Digest() uint64                                         { return 0 }
func (rs *Rooms) Check() error                                           { return nil }
func (rs *Rooms) Restored(seed [32]byte, at int64) error                 { return nil }

type Room struct{}

func (r *Room) Info(now int64) RoomInfo                   { return RoomInfo{} }
func (r *Room) Ticket(n uint32) (TicketInfo, bool)        { return TicketInfo{}, false }
func (r *Room) Find(id [16]byte) (ticket uint32, ok bool) { return 0, false }
func (r *Room) Draw() DrawInfo                            { return DrawInfo{} }

type Frozen struct{}

func (z *Frozen) WriteTo(w io.Writer) (int64, error) { return 0, nil }
