package main

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/usherhq/usher/engine"
)

// roomFlags are what a waiting room can have besides its size.
type roomFlags struct {
	Scope     string   `placeholder:"SCOPE" help:"Whose room it is: event, or series, whose events share one (series, if the event is of one)."`
	Session   int      `placeholder:"SECONDS" help:"How long who was admitted may shop, 1 to 86400 (600)."`
	FirstUse  int      `placeholder:"SECONDS" help:"Within how long who was admitted has to come, 1 to 300 (120)."`
	Tier      []string `sep:"none" placeholder:"NAME=A:B" help:"A lane of its own: B of it are admitted for every A of the others, e.g. gold=3:1; repeatable."`
	Pace      string   `placeholder:"PACE" help:"fixed, or auto: slower while claims are slow (fixed)."`
	NoLobby   bool     `help:"Who comes before sales open is in line by arrival, and there is no draw."`
	ReturnURL []string `sep:"none" placeholder:"URL" help:"Where people may be sent back to with their admission; repeatable."`
}

var errNoRoom = errors.New("--room-… goes with --waiting-room")

// fill adds what was said to the room; nil: there is none.
func (f *roomFlags) fill(room *engine.WaitingRoom) error {
	said := f.Scope != "" || f.Session != 0 || f.FirstUse != 0 || f.Tier != nil || f.Pace != "" || f.NoLobby || f.ReturnURL != nil
	if room == nil {
		if said {
			return errNoRoom
		}
		return nil
	}
	room.Scope, room.SessionSeconds, room.FirstUseSeconds, room.Pace, room.ReturnURLs = f.Scope, f.Session, f.FirstUse, f.Pace, f.ReturnURL
	if lobby := !f.NoLobby; f.NoLobby {
		room.Lobby = &lobby
	}
	for _, text := range f.Tier {
		i := strings.LastIndexByte(text, '=')
		if i < 1 {
			return fmt.Errorf("--room-tier %q: want NAME=A:B, e.g. gold=3:1", text)
		}
		if _, twice := room.Tiers[text[:i]]; twice {
			return fmt.Errorf("--room-tier: %q twice", text[:i])
		}
		if room.Tiers == nil {
			room.Tiers = map[string]string{}
		}
		room.Tiers[text[:i]] = text[i+1:]
	}
	return nil
}

var roomSize = regexp.MustCompile(`^([0-9]{1,9}),([0-9]{1,9})$`)

// parseRoom reads MAX,PER-MINUTE.
func parseRoom(text string) (*engine.WaitingRoom, error) {
	m := roomSize.FindStringSubmatch(text)
	if m == nil {
		return nil, fmt.Errorf("--waiting-room %q: want MAX,PER-MINUTE, e.g. 5000,1200", text)
	}
	room := &engine.WaitingRoom{}
	room.MaxActive, _ = strconv.Atoi(m[1]) // nine digits fit
	room.NewPerMinute, _ = strconv.Atoi(m[2])
	return room, nil
}
