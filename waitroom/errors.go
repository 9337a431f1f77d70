package waitroom

import "errors"

// What commands are refused with. A refused command changed nothing, but what was due at
// its time.
var (
	ErrBadRequest    = errors.New("usher: the waiting room cannot do that")
	ErrUnknownRoom   = errors.New("usher: unknown waiting room")
	ErrUnknownTicket = errors.New("usher: unknown ticket")
	ErrRoomClosed    = errors.New("usher: the waiting room takes nobody any more")
	ErrRoomFull      = errors.New("usher: the waiting room is full")
	ErrTooManyNights = errors.New("usher: the waiting room can have no more events")
	ErrNotAdmitted   = errors.New("usher: not admitted yet")
	ErrLapsed        = errors.New("usher: the admission was not used in time")
	ErrSessionOver   = errors.New("usher: the session is over")
	ErrOtherEvent    = errors.New("usher: the admission is for other events")
	ErrBadSnapshot   = errors.New("usher: damaged snapshot of waiting rooms")
)
