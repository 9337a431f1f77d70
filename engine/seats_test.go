package engine_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/usherhq/usher/engine"
)

// TestAreasAndVersionsOfMaps: places left come with maps and deltas, versions with the
// read that asks for them.
func TestAreasAndVersionsOfMaps(t *testing.T) {
	e, ids := openHouse(t, engine.Config{}, engine.EventSpec{})
	ctx := testContext(t)
	first := claim(t, e, engine.HoldRequest{EventID: ids[0], SeatIDs: []string{"A-2"}})
	pit := claim(t, e, engine.HoldRequest{EventID: ids[0], Areas: []engine.AreaRequest{{AreaID: "pit", Quantity: 3}}})
	m, err := e.SeatVersions(ctx, ids[0], pit.Version)
	if err != nil {
		t.Fatal(err)
	}
	if want := (engine.AreaCount{AreaID: "pit", Capacity: 20, Free: 17, Held: 3}); len(m.Areas) != 1 || m.Areas[0] != want {
		t.Errorf("areas %+v", m.Areas)
	}
	if m.Versions[1] != first.Version || m.Versions[0] != 0 || !slices.Equal(m.AreaVersions, []uint64{pit.Version}) || len(m.Versions) != m.Seats {
		t.Errorf("versions %v, %v", m.Versions, m.AreaVersions)
	}
	c, err := e.Changes(ctx, ids[0], 0, first.Version, pit.Version)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(c.Deltas); got != "[{0 2 [{1 held}] [{0 17}]} {1 2 [] [{0 17}]} {2 2 [] []}]" {
		t.Errorf("changes %s", got)
	}
	plain, err := e.SeatMap(ctx, ids[0], 0)
	if err != nil || plain.Versions != nil || plain.AreaVersions != nil || len(plain.Areas) != 1 {
		t.Errorf("%+v, %v", plain, err)
	}
}

func TestBlocks(t *testing.T) {
	e, ids := openHouse(t, engine.Config{}, engine.EventSpec{})
	ctx := testContext(t)
	for _, r := range []engine.BlockRequest{
		{SeatIDs: []string{"A-9", "A-1"}, Reason: "camera"},
		{SeatIDs: []string{"A-3", "A-4"}, Channel: "club", ChannelKey: "12345678", Reason: "camera"},
		{SeatIDs: []string{"A-2"}},
	} {
		r.EventID = ids[0]
		if _, err := e.Block(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	claim(t, e, engine.HoldRequest{EventID: ids[0], SeatIDs: []string{"A-3"}, ChannelKey: "12345678"})
	list, err := e.Blocks(ctx, ids[0])
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(list.Items); got != "[{[A-1 A-9] camera } {[A-2]  } {[A-3 A-4] camera club}]" || list.Version != 6 {
		t.Errorf("got %s at %d", got, list.Version)
	}
	taken := engine.BlockRequest{EventID: ids[0], SeatIDs: []string{"A-5"}, Channel: "press", ChannelKey: "12345678"}
	if _, err := e.Block(ctx, taken); err == nil || engine.OutcomeOf(err) != engine.OutcomeNotApplied {
		t.Errorf("a key opens two channels: %v", err)
	}
}
