package engine

import (
	"errors"

	"github.com/usherhq/usher/shard"
)

// isRefusal tells whether the state machine said no to the seats, so that others can be
// asked for.
func isRefusal(err error) bool {
	for _, no := range []error{ErrSeatsUnavailable, ErrVersionConflict, ErrLimitExceeded, ErrOrphanSeats, ErrNotOnSale, ErrUnknownChannel, ErrTooManyHolds} {
		if errors.Is(err, no) {
			return true
		}
	}
	return false
}

// refusal makes the state machine's refusal an error that names things; ids are the seats
// asked for, if they are known by name. A crowd is mostly refused single seats: those cost
// one allocation, and no look at the chart, whose seats lie all over memory.
func (ref *eventRef) refusal(res *shard.Result, ids []string) error {
	switch {
	case errors.Is(res.Err, ErrVersionConflict):
		return ref.versionConflict(res)
	case errors.Is(res.Err, ErrLimitExceeded):
		return &LimitError{EventID: ref.id, Limit: ref.settings.Limits.PerHolder, Has: int(res.Count)}
	case errors.Is(res.Err, ErrOrphanSeats):
		return &OrphanError{EventID: ref.id, SeatIDs: ref.conflictIDs(res)}
	case !errors.Is(res.Err, ErrSeatsUnavailable):
		return asAdmission(res.Err)
	}
	if len(ids) == 1 && len(res.Conflicts) == 1 {
		one := &struct {
			SeatsUnavailableError
			conflict [1]SeatConflict
		}{conflict: [1]SeatConflict{{SeatID: ids[0], Status: SeatStatus(res.Conflicts[0].Status)}}}
		one.SeatsUnavailableError = SeatsUnavailableError{
			EventID: ref.id, Version: res.Version, Conflicts: one.conflict[:], Undecided: res.Conflicts[0].Undecided,
		}
		return &one.SeatsUnavailableError
	}
	out := &SeatsUnavailableError{EventID: ref.id, Version: res.Version, Conflicts: make([]SeatConflict, 0, len(res.Conflicts))}
	for _, c := range res.Conflicts {
		out.Undecided = out.Undecided || c.Undecided
		if no, left, ok := shard.SplitCode(c.Seat); ok {
			out.Areas = append(out.Areas, AreaConflict{AreaID: ref.chart.Areas()[no].AreaID, Left: int(left)})
		} else {
			out.Conflicts = append(out.Conflicts, SeatConflict{SeatID: ref.chart.ID(c.Seat), Status: SeatStatus(c.Status)})
		}
	}
	return out
}

func (ref *eventRef) conflictIDs(res *shard.Result) []string {
	ids := make([]string, len(res.Conflicts))
	for i, c := range res.Conflicts {
		ids[i] = ref.chart.ID(c.Seat)
	}
	return ids
}

func (ref *eventRef) versionConflict(res *shard.Result) error {
	out := &VersionConflictError{EventID: ref.id, Version: res.Version}
	for _, c := range res.Conflicts {
		if no, _, ok := shard.SplitCode(c.Seat); ok {
			out.Areas = append(out.Areas, AreaVersion{AreaID: ref.chart.Areas()[no].AreaID, Version: c.Version})
		} else {
			out.Seats = append(out.Seats, SeatAt{SeatID: ref.chart.ID(c.Seat), Version: c.Version, Status: SeatStatus(c.Status)})
		}
	}
	return out
}
