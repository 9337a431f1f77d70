package transport

import (
	"time"

	"github.com/usherhq/usher/engine"
)

// What a reservation asks for, read from its body. The form is judged here; what only the
// event can say (which seats there are, which fields a mode can use) is left to the engine.

var (
	modes = []engine.Mode{engine.ModeDirect, engine.ModeSkipLocked, engine.ModeOptimistic, engine.ModeLease, engine.ModeQueue, engine.ModeAuto}

	acceptances    = []engine.Accept{engine.AcceptExact, engine.AcceptSuggest, engine.AcceptSubstitute}
	orphanPolicies = []engine.Orphans{engine.OrphansAllow, engine.OrphansAvoid, engine.OrphansForbid}
)

// ofOneEvent are the fields that stand in each of items, if there are items.
var ofOneEvent = []string{"event_id", "seat_ids", "best", "areas", "expected", "if_version", "channel_key"}

func readReservation(body *fields) engine.HoldRequest {
	var req engine.HoldRequest
	if body.has("items") {
		body.misplaced("stands in each of items", ofOneEvent...)
		req.Items = objects(body, "items", readItem)
		req.AnyOf = body.flag("any_of", false)
		req.SameSeats = body.flag("same_seats", false)
	} else {
		body.misplaced("is about items, and there are none", "any_of", "same_seats")
		it := readItem(body)
		req.EventID, req.SeatIDs, req.Areas, req.Best = it.EventID, it.SeatIDs, it.Areas, it.Best
		req.Expected, req.IfVersion, req.ChannelKey = it.Expected, it.IfVersion, it.ChannelKey
	}
	req.HolderID = body.text("holder_id")
	req.TTL = time.Duration(body.optionalWhole("ttl_seconds", 1, maxSeconds)) * time.Second
	req.Mode = choice(body, "mode", modes...)
	req.Accept = choice(body, "accept", acceptances...)
	req.Orphans = choice(body, "orphans", orphanPolicies...)
	req.Tier = body.optionalText("tier")
	return req
}

// readItem reads what is wanted of one event: seats by name or the best there are, with
// or without places in areas, or only those.
func readItem(body *fields) engine.ItemRequest {
	it := engine.ItemRequest{EventID: body.text("event_id")}
	switch {
	case body.has("best"):
		body.misplaced("has no place beside best", "seat_ids", "expected")
		it.Best = readBest(body.object("best"))
	case body.has("seat_ids") || !body.has("areas"):
		it.SeatIDs = body.texts("seat_ids")
	}
	it.Areas = optionalObjects(body, "areas", readArea)
	it.Expected = optionalObjects(body, "expected", readExpected)
	it.IfVersion = body.optionalVersion("if_version")
	it.ChannelKey = body.optionalText("channel_key")
	return it
}

func readArea(body *fields) engine.AreaRequest {
	return engine.AreaRequest{AreaID: body.text("area_id"), Quantity: int(body.whole("quantity", 1, engine.MaxSeatsPerHold))}
}

func readExpected(body *fields) engine.SeatVersion {
	return engine.SeatVersion{SeatID: body.text("seat_id"), Version: uint64(body.whole("version", 0, maxExact))}
}

func readBest(body *fields) *engine.BestRequest {
	best := &engine.BestRequest{
		Quantity:    int(body.whole("quantity", 1, engine.MaxSeatsPerHold)),
		Category:    body.optionalText("category"),
		Section:     body.optionalText("section"),
		Apart:       !body.flag("adjacent", true),
		AcrossAisle: body.flag("across_aisle", false),
		Accessible:  int(body.optionalWhole("accessible", 0, engine.MaxSeatsPerHold)),
		Companion:   int(body.optionalWhole("companion", 0, engine.MaxSeatsPerHold)),
	}
	switch {
	case !body.has("near"):
	case body.isText("near"):
		best.Near = body.text("near")
	default:
		near := body.object("near")
		best.NearPoint = &engine.Point{X: near.number("x"), Y: near.number("y")}
		_ = near.done() // noted in body too, as that of best itself
	}
	_ = body.done()
	return best
}
