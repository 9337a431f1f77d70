package proptest

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/usherhq/usher/waitroom"
)

// RoomRun is the waiting rooms of a group, a twin that is told the same and that crashes at
// other times, and their models. Every action does something to all of them and returns an
// error that says how they differ.
type RoomRun struct {
	Dice
	stock *Stock
	rooms *waitroom.Rooms
	twin  *waitroom.Rooms
	m     []*ModelRoom
	now   int64

	holds  uint32 // given so far
	steps  []int  // in the draw of each room
	watch  watch
	frozen []frozenRooms
	saved  *roomBackup
	eras   int
}

// frozenRooms are rooms at one moment, and the bytes that they were.
type frozenRooms struct {
	z  *waitroom.Frozen
	is []byte
}

// roomBackup is rooms at one moment; what came after it may be lost.
type roomBackup struct {
	bytes []byte
	m     []*ModelRoom
	now   int64
}

// Events of the rooms: those from 0 are nights of a series, those from roomSingle alone.
const (
	roomSingle = 10
	roomStart  = int64(1_700_000_000_000)
	roomNights = 4
)

// NewRoomRun opens a room before a series of one to four nights, and often one before a
// single event.
func NewRoomRun(d Dice) (*RoomRun, error) {
	stock := NewStock()
	x := &RoomRun{Dice: d, stock: stock, now: roomStart, rooms: waitroom.New(stock), twin: waitroom.New(stock)}
	c := x.opening("series/run", 0)
	for night := range uint32(1 + x.Roll(roomNights)) {
		n := *c
		n.Event = night
		if err := x.open(&n); err != nil {
			return x, err
		}
	}
	if x.Roll(2) == 0 {
		return x, nil
	}
	return x, x.open(x.opening("event/one", roomSingle))
}

// opening is a room with bounds that hurt.
func (x *RoomRun) opening(id string, event uint32) *waitroom.OpenRoom {
	c := &waitroom.OpenRoom{ID: id, Event: event, Secret: [32]byte{7}, Epoch: [16]byte{1, byte(event)}}
	binary.LittleEndian.PutUint32(c.Seed[3:], uint32(x.Roll(1<<16)))
	c.Config = waitroom.Config{
		MaxActive: pick[uint32](x.Dice, 1, 3, 8, 30, 1000), NewPerMinute: pick[uint32](x.Dice, 1, 7, 60, 61, 600, 6000),
		FirstUse: pick[int64](x.Dice, 1, 900, 5_000, 120_000), Session: pick[int64](x.Dice, 1, 2_000, 20_000, 600_000),
		OpensAt: pick[int64](x.Dice, 0, roomStart, roomStart+500, roomStart+20_000), Lobby: x.Roll(4) > 0, Auto: x.Roll(2) == 0,
	}
	for _, name := range []string{"gold", "platinum", "vip"}[:x.Roll(4)] {
		ratio := pick(x.Dice, [2]uint16{1, 1}, [2]uint16{3, 1}, [2]uint16{2, 3}, [2]uint16{7, 5}, [2]uint16{13, 4}, [2]uint16{1000, 1}, [2]uint16{1, 1000})
		c.Config.Tiers = append(c.Config.Tiers, waitroom.Tier{Name: name, General: ratio[0], Lane: ratio[1]})
	}
	return c
}

func (x *RoomRun) open(c *waitroom.OpenRoom) error {
	no, err := x.rooms.Open(x.now, c)
	no2, err2 := x.twin.Open(x.now, c)
	want, wantErr := x.openModel(c)
	if no != want || no2 != want || err != wantErr || err2 != wantErr {
		return fmt.Errorf("room %s of event %d is number %d, %v and %d, %v; model %d, %v", c.ID, c.Event, no, err, no2, err2, want, wantErr)
	}
	return nil
}

func (x *RoomRun) openModel(c *waitroom.OpenRoom) (uint32, error) {
	for _, m := range x.m {
		for _, e := range m.Events {
			if e == c.Event && m.ID == c.ID {
				return m.No, nil
			} else if e == c.Event {
				return 0, waitroom.ErrBadRequest
			}
		}
	}
	for _, m := range x.m {
		if m.ID == c.ID {
			if len(m.Events) == waitroom.MaxNights {
				return 0, waitroom.ErrTooManyNights
			}
			m.Events = append(m.Events, c.Event)
			return m.No, nil
		}
	}
	if c.ID == "" || c.Config.MaxActive == 0 {
		return 0, waitroom.ErrBadRequest
	}
	x.m = append(x.m, newModelRoom(uint32(len(x.m)), x.stock, x.now, c))
	x.steps = append(x.steps, 0)
	return uint32(len(x.m) - 1), nil
}

// both runs a command on the rooms and on the twin.
func both[T any](x *RoomRun, do func(*waitroom.Rooms) T) (a, b T) { return do(x.rooms), do(x.twin) }

// room is a number of a room, now and then of one that there is not.
func (x *RoomRun) room() (uint32, *ModelRoom) {
	no := x.Roll(len(x.m))
	if x.Roll(40) == 39 {
		return uint32(len(x.m) + no), nil
	}
	return uint32(no), x.m[no]
}

func roomBytes(rs *waitroom.Rooms) ([]byte, error) {
	var b bytes.Buffer
	n, err := rs.Freeze().WriteTo(&b)
	if err == nil && n != int64(b.Len()) {
		err = fmt.Errorf("%d bytes are said to be written, %d were", n, b.Len())
	}
	return b.Bytes(), err
}

// Verify compares everything that can be read.
func (x *RoomRun) Verify() error {
	if a, b := x.rooms.Digest(), x.twin.Digest(); a != b {
		return fmt.Errorf("digests %016x and %016x", a, b)
	}
	for i, rs := range []*waitroom.Rooms{x.rooms, x.twin} {
		if err := rs.Check(); err != nil {
			return fmt.Errorf("check of %d: %w", i, err)
		}
		if err := x.compare(rs); err != nil {
			return fmt.Errorf("rooms %d: %w", i, err)
		}
	}
	return x.watch.look(x)
}
