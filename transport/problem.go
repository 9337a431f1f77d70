package transport

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/engine/chart"
	"github.com/usherhq/usher/engine/payment"
)

// kind is a sort of problem: what all its occurrences share.
type kind struct {
	status    int
	code      string
	title     string
	retryable bool
}

// The kinds that requests run into before the engine sees them.
var (
	badRequest       = kind{400, "bad_request", "The request is malformed", false}
	originRefused    = kind{403, "origin_not_allowed", "This origin may not connect", false}
	notFound         = kind{404, "not_found", "There is nothing here", false}
	unknownSection   = kind{404, "unknown_section", "No such section", false}
	methodNotAllowed = kind{405, "method_not_allowed", "The method is not allowed here", false}
	notAcceptable    = kind{406, "not_acceptable", "No representation is acceptable", false}
	tooLarge         = kind{413, "too_large", "The body is too large", false}
	unsupportedMedia = kind{415, "unsupported_media_type", "The body's type is not supported", false}
	badChart         = kind{422, "bad_chart", "The chart cannot be used", false}
	upgradeRequired  = kind{426, "upgrade_required", "This is a websocket", false}
	clusterRefused   = kind{409, "cluster_refused", "The cluster cannot do that now", false}
	internal         = kind{500, "internal", "Something went wrong here", false}
	overloaded       = kind{503, "overloaded", "Too many requests under way", true}
	notReached       = kind{503, "version_not_reached", "The version has not been reached", true}
	timedOut         = kind{503, "no_quorum", "No answer in time", true}
	bodyTooSlow      = kind{408, "body_timeout", "The body did not arrive in time", true}
)

// kinds says which error is which problem; the first that matches counts. What is not
// in it is internal.
var kinds = []struct {
	err error
	kind
}{
	{engine.ErrUnknownEvent, kind{404, "unknown_event", "No such event", false}},
	{engine.ErrUnknownSection, unknownSection},
	{engine.ErrUnknownSeat, kind{404, "unknown_seat", "No such seat", false}},
	{engine.ErrUnknownArea, kind{404, "unknown_area", "No such area", false}},
	{engine.ErrUnknownChart, kind{404, "unknown_chart", "No such chart", false}},
	{engine.ErrUnknownHold, kind{404, "unknown_hold", "No such hold", false}},
	{engine.ErrUnknownBooking, kind{404, "unknown_booking", "No such booking", false}},
	{engine.ErrEventExists, kind{409, "event_exists", "The event exists already", false}},
	{engine.ErrSeatsUnavailable, kind{409, "seats_unavailable", "Seats are not available", false}},
	{engine.ErrVersionConflict, kind{409, "version_conflict", "It has changed since it was read", false}},
	{engine.ErrLimitExceeded, kind{409, "limit_exceeded", "A holder may not have that many", false}},
	{engine.ErrOrphanSeats, kind{409, "orphan_seats", "Single seats would be left over", false}},
	{engine.ErrNoPlan, kind{409, "no_seating_plan", "The event cannot be searched", false}},
	{engine.ErrAdmissionRequired, kind{403, "admission_required", "The event has a waiting room", false}},
	{engine.ErrAdmissionInvalid, kind{403, "admission_invalid", "The admission token is not valid", false}},
	{engine.ErrAdmissionForeign, kind{403, "admission_foreign", "The admission is another's", false}},
	{engine.ErrAdmissionExpired, kind{403, "admission_expired", "The admission was not used in time", false}},
	{engine.ErrAdmissionReplayed, kind{403, "admission_replayed", "The admission's session is over", false}},
	{engine.ErrNoWaitingRoom, kind{404, "no_waiting_room", "The event has no waiting room", false}},
	{engine.ErrUnknownTicket, kind{404, "unknown_ticket", "No such ticket", false}},
	{engine.ErrRoomClosed, kind{409, "room_closed", "The waiting room takes nobody any more", false}},
	{engine.ErrRoomFull, kind{409, "room_full", "The waiting room is full", false}},
	{engine.ErrDrawNotDone, kind{409, "draw_not_done", "The draw has not been done yet", true}},
	{engine.ErrUnknownChannel, kind{403, "channel_key_refused", "The channel key opens nothing here", false}},
	{engine.ErrTokenRequired, badRequest},
	{engine.ErrAlreadyBooked, kind{409, "already_booked", "The hold is booked", false}},
	{engine.ErrStaleFencingToken, kind{409, "stale_fencing_token", "The fencing token is stale", false}},
	{engine.ErrNotOnSale, kind{409, "not_on_sale", "The event is not on sale yet", false}},
	{engine.ErrTooManyHolds, kind{409, "holds_exhausted", "The event can take no more holds", false}},
	{engine.ErrHoldExpired, kind{410, "hold_expired", "The hold has expired", false}},
	// To who holds it, a hold that was given back is as gone as one that ran out.
	{engine.ErrHoldReleased, kind{410, "hold_expired", "The hold was released", false}},
	{engine.ErrPaymentDeclined, kind{402, "payment_declined", "The payment was declined", false}},
	{engine.ErrIdempotencyMismatch, kind{422, "idempotency_mismatch", "The idempotency key was used for another request", false}},
	{engine.ErrIdempotencyFull, kind{503, "idempotency_full", "No more idempotency keys can be remembered for now", true}},
	{engine.ErrUnknownNode, kind{404, "unknown_node", "No such node", false}},
	{engine.ErrNodeRemoved, kind{409, "node_removed", "The node was removed for good", false}},
	{engine.ErrOverloaded, overloaded},
	{engine.ErrStarting, kind{503, "starting", "This node is still catching up", true}},
	{engine.ErrNoQuorum, kind{503, "no_quorum", "No quorum or no leader in time", true}},
	{engine.ErrClosed, kind{503, "closing", "This node is shutting down", true}},
	{engine.ErrHalted, kind{503, "halted", "This replica has stopped", true}},
	{engine.ErrDamaged, kind{500, "damaged", "Stored data is damaged", false}},
	{payment.ErrBadOptions, badRequest},
	{context.DeadlineExceeded, timedOut},
	{context.Canceled, timedOut},
}

// problem is an error as clients see it: RFC 9457 with our code, retryable and, for a
// write, outcome. It is an error itself, for those who know more than the table.
type problem struct {
	kind
	detail string
	extra  map[string]any // further members, e.g. field, conflicts, problems
	cause  error          // for the log and errors.Is; never shown
}

func (p *problem) Error() string { return p.code + ": " + p.detail }

func (p *problem) Unwrap() error { return p.cause }

// badField is a 400 that names the field.
func badField(field, what string) *problem {
	return &problem{kind: badRequest, detail: field + ": " + what, extra: map[string]any{"field": field}}
}

// problemOf finds an error's problem.
func problemOf(err error) *problem {
	var p *problem
	if errors.As(err, &p) {
		return p
	}
	var invalid *engine.InvalidError
	if errors.As(err, &invalid) {
		p = badField(invalid.Field, invalid.Problem)
		p.cause = err
		return p
	}
	var bad *chart.BadChart
	if errors.As(err, &bad) {
		return chartProblem(bad)
	}
	for i := range kinds {
		if errors.Is(err, kinds[i].err) {
			return withExtra(&problem{kind: kinds[i].kind, detail: trimmed(err), cause: err})
		}
	}
	return &problem{kind: internal, detail: "the error has been logged", cause: err}
}

// maxProblems bounds the answer to a chart of nothing but mistakes: 32 MiB of them would
// come back threefold.
const maxProblems = 10_000

func chartProblem(bad *chart.BadChart) *problem {
	shown := bad.Problems[:min(len(bad.Problems), maxProblems)]
	extra := map[string]any{"problems": shown}
	if len(shown) < len(bad.Problems) {
		extra["problems_total"] = len(bad.Problems)
	}
	return &problem{kind: badChart, detail: bad.Error(), extra: extra, cause: bad}
}

// trimmed is an error's text without the package's name, which says nothing to clients.
func trimmed(err error) string {
	text := err.Error()
	for _, prefix := range []string{"usher: ", "payment: "} {
		if len(text) > len(prefix) && text[:len(prefix)] == prefix {
			return text[len(prefix):]
		}
	}
	return text
}

// outcomeOf says what became of a write. Where only the context's end is known, nothing is.
func outcomeOf(err error) engine.Outcome {
	outcome := engine.OutcomeOf(err)
	ended := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
	if ended && outcome == engine.OutcomeNotApplied {
		return engine.OutcomeUnknown
	}
	return outcome
}

// write sends the problem; outcome is empty for a read.
func (p *problem) write(w http.ResponseWriter, outcome engine.Outcome) {
	body := map[string]any{
		"type":      "about:blank",
		"title":     p.title,
		"status":    p.status,
		"detail":    p.detail,
		"code":      p.code,
		"retryable": p.retryable,
	}
	if outcome != "" {
		body["outcome"] = outcome
	}
	for name, value := range p.extra {
		body[name] = value
	}
	data, err := json.Marshal(body)
	if err != nil { // the extras are ours: this is a bug, and still must be an answer
		data = []byte(`{"type":"about:blank","title":"Something went wrong here","status":500,"code":"internal","retryable":false}`)
	}
	h := w.Header()
	for _, name := range []string{"ETag", "Content-Encoding", "Location", "Usher-Version", "Usher-Epoch"} {
		h.Del(name) // of the answer that was meant to be
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Length", strconv.Itoa(len(data)))
	h.Set("Cache-Control", "no-store")
	if p.status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "1")
	}
	w.WriteHeader(p.status)
	_, _ = w.Write(data) // a client that has gone away is no news
}
