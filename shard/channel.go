package shard

// A channel is a block of seats that is sold only to who knows its key: a fan club, a
// sponsor, a reseller. To everybody else its seats are blocked, and so they are when
// they come back.
type channel struct {
	hash [16]byte // of the channel's key; the key itself is not in the log
	name string
}

// Allot gives seats to a channel, which is made if there is none of that name; all or
// none. The key of one that exists becomes this one.
type Allot struct {
	Event  uint32
	Seats  []uint32 // strictly ascending, 1…MaxBlockSeats
	Name   []byte   // 1…MaxChannelName
	Hash   [16]byte // of the channel's key, not zero
	Reason []byte   // as of a Block
	Key    Key
}

// Allot takes the seats off sale for everybody but the channel; held or booked ones are
// conflicts, and then nothing changes.
func (s *State) Allot(now int64, c *Allot, out *Result) {
	e, ok := s.begin(now, c.Event, &c.Key, out)
	if !ok {
		return
	}
	if len(c.Name) == 0 || len(c.Name) > MaxChannelName || len(c.Reason) > MaxReasonLen || c.Hash == [16]byte{} {
		out.Err = ErrBadRequest
		return
	}
	no := e.channelNamed(string(c.Name))
	if other := e.channelOf(c.Hash); other != 0 && other != no || no == 0 && len(e.channels) == MaxChannels {
		out.Err = ErrBadRequest // a key opens one channel
		return
	}
	if out.Err = e.blockable(now, c.Seats, out); out.Err != nil {
		return
	}
	e = s.own(c.Event)
	s.lapse(e, now, c.Seats)
	if no == 0 {
		e.channels = append(e.channels, channel{})
		no = uint8(len(e.channels))
	} else {
		e.sum -= e.channels[no-1].sum(no)
	}
	e.channels[no-1] = channel{c.Hash, string(c.Name)}
	e.sum += e.channels[no-1].sum(no)
	for _, seat := range c.Seats {
		if e.Status(seat) == Available {
			e.set(seat, Blocked, e.owner(seat))
			out.Count++
		}
		e.setChannel(seat, no)
		e.setReason(seat, c.Reason)
	}
	out.Version = e.version
	e.remember(now, &c.Key, out)
}

// channelOf is the number of the channel with that key, 0 if there is none.
func (e *Event) channelOf(hash [16]byte) uint8 {
	for i := range e.channels {
		if e.channels[i].hash == hash {
			return uint8(i + 1)
		}
	}
	return 0
}

func (e *Event) channelNamed(name string) uint8 {
	for i := range e.channels {
		if e.channels[i].name == name {
			return uint8(i + 1)
		}
	}
	return 0
}

// seatChannel is the channel that the seat is allotted to; 0: none.
func (e *Event) seatChannel(seat uint32) uint8 {
	p := e.seatPages[seat>>seatShift]
	if p.channel == nil {
		return 0
	}
	return p.channel[seat&(seatsInPage-1)]
}

// Channel is the name of the channel that a seat is allotted to; empty: none.
func (e *Event) Channel(seat uint32) string {
	if no := e.seatChannel(seat); no != 0 {
		return e.channels[no-1].name
	}
	return ""
}

// setChannel replaces the page's list: a frozen page may share the old one.
func (e *Event) setChannel(seat uint32, no uint8) {
	old := e.seatChannel(seat)
	if old == no {
		return
	}
	p, i := e.ownSeat(seat)
	list := new([seatsInPage]uint8)
	if p.channel != nil {
		*list = *p.channel
	}
	list[i] = no
	if *list == [seatsInPage]uint8{} {
		list = nil
	}
	p.channel = list
	e.sum += channelSeatSum(seat, no) - channelSeatSum(seat, old)
}

// vacant is the status that a seat has when nobody has it.
func (e *Event) vacant(seat uint32) Status {
	if e.seatChannel(seat) != 0 {
		return Blocked
	}
	return Available
}

func (c *channel) sum(no uint8) uint64 {
	return mixBytes(mixBytes(uint64(no)^k2, c.hash[:]), []byte(c.name))
}

func channelSeatSum(seat uint32, no uint8) uint64 {
	if no == 0 {
		return 0
	}
	return mix(uint64(seat)^k2, uint64(no))
}
