package proptest

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// roomMutants are bugs planted in waitroom's source, likewise.
var roomMutants = []struct {
	name string
	planting
}{
	{"one too many is admitted", planting{"admit.go", "n := min(r.allowed(now), uint32(limit))", "n := min(r.allowed(now)+1, uint32(limit))"}},
	{"one too many is inside", planting{"admit.go", "int64(r.cfg.MaxActive-active)", "int64(r.cfg.MaxActive-active+1)"}},
	{"who is inside is not counted", planting{"admit.go", "return r.states[Admitted] + r.states[InShop]", "return r.states[Admitted]"}},
	{"a minute of 59 s", planting{"pace.go", "buckets   = minuteMS/bucketMS + 1", "buckets   = 59_000/bucketMS + 1"}},
	{"a tenth of a second is missing from the minute", planting{"pace.go", "buckets   = minuteMS/bucketMS + 1", "buckets   = minuteMS/bucketMS"}},
	{"credit without its cap", planting{"pace.go", "return min(h.credit+elapsed*int64(h.pace), creditCap(h.pace))", "return h.credit + elapsed*int64(h.pace)"}},
	{"credit at the old pace", planting{"set.go", "r.credit, r.creditAt = r.creditNow(now), now", ""}},
	{"credit is not taken", planting{"admit.go", "r.creditNow(now) - int64(done)*perTicket", "r.creditNow(now)"}},
	{"admitted while paused", planting{"admit.go", "r.state == Paused || ", ""}},
	{"admitted when closed", planting{"admit.go", " || r.state == Closed {", " {"}},
	{"admitted before the opening", planting{"admit.go", "r.phase == Before || r.state", "r.state"}},
	{"positions count ghosts", planting{"lane.go", "rank -= l.ghosts", "rank -= 0 * l.ghosts"}},
	{"a position is one too high", planting{"lane.go", "n += r.lanes[i].dueBy(due - 1)", "n += r.lanes[i].dueBy(due)"}},
	{"an empty lane collects a claim", planting{"lane.go", "if l.here() == 0 {", "if l.slots == 0 {"}},
	{"the clock stands while nobody waits in the general lane", planting{"lane.go", "r.general = max(r.general, l.due(1))", ""}},
	{"a tier's share is rounded down", planting{"lane.go", "*l.every+l.share-1)/l.share", "*l.every)/l.share"}},
	{"tiers before the general lane", planting{"pick.go", "!any || due < best", "!any || due <= best"}},
	{"who leaves in the draw is alive", planting{"draw.go", "\t\tr.vacate(l, slot)\n\t\treturn\n", ""}},
	{"who leaves in the draw is not in it", planting{"leave.go", "t.state |= entered", ""}},
	{"the draw takes anybody for each place", planting{"draw.go", "with[i] = at + uint32(below(rng, uint64(len(list))-uint64(at)))", "with[i] = uint32(below(rng, uint64(len(list))))"}},
	{"the draw never leaves anybody in place", planting{"draw.go", "uint64(len(list))-uint64(at)))\n", "max(1, uint64(len(list))-uint64(at)-1)))\n"}},
	{"the draw's seed is not its own", planting{"draw.go", "drawKey(r.seed, r.digest)", "drawKey(r.seed, [32]byte{})"}},
	{"the lobby does not open", planting{"room.go", "r.startDraw(now)", "r.phase = Line"}},
	{"the seed is out before the draw", planting{"drawlist.go", "if r.drawAt != 0 && r.phase == Line {", "if r.phase != Before {"}},
	{"first use does not end", planting{"session.go", "if a := r.active.get(next.ticket); a != nil && a.deadline == next.at {", "if a := r.active.get(next.ticket); a != nil && a.deadline == next.at && r.states[InShop] > 0 {"}},
	{"a session lasts from first use's end", planting{"session.go", "end := now + r.cfg.Session", "end := r.active.get(n).deadline + r.cfg.Session"}},
	{"a session is good a moment longer", planting{"session.go", "a.deadline <= now {\n\t\tr.over", "a.deadline < now {\n\t\tr.over"}},
	{"stale appointments count", planting{"session.go", "\t\t\tr.over(next.ticket)\n\t\t\tlimit--\n\t\t}", "\t\t\tr.over(next.ticket)\n\t\t}\n\t\tlimit--"}},
	{"an admission is good for any event", planting{"session.go", "case !slices.Contains(r.events, event):", "case false:"}},
	{"a session ends with its first booking", planting{"session.go", "slices.ContainsFunc(holds, func(h holdAt) bool { return rs.inv.Held(h.event, h.hold) })", "false"}},
	{"a place is not free after a booking", planting{"session.go", "r.end(n, Finished)\n\tr.admit(now, handful)", "r.end(n, Finished)"}},
	{"the index does not hear of who comes again", planting{"index.go", "*s = uint64(tag)<<32 | uint64(ticket)", "if *s == 0 {\n\t\t*s = uint64(tag)<<32 | uint64(ticket)\n\t}"}},
	{"who comes again has two places", planting{"join.go", "t.is().live()", "t.is() < Waiting"}},
	{"nobody is refused when it is closed", planting{"join.go", "r.state == Closed || ", ""}},
	{"who is passed over loses the place", planting{"pick.go", "if p.left == p.room.nights() {", "if true {"}},
	{"nobody is passed over", planting{"line.go", "if t.nights.among(left) {", "if true {"}},
	{"a restore forgets the lanes' accounts", planting{"restore.go", "schedule{f.U64(), f.U64()}", "schedule{f.U64(), f.U64() * 0}"}},
	{"a restore forgets credit", planting{"snapshot.go", "f.I64(h.credit)", "f.I64(0)"}},
	{"a restore forgets holds", planting{"snapshot.go", "f.U8(uint8(len(a.holds)))\n\t\t\tfor _, h := range a.holds {", "f.U8(0)\n\t\t\tfor _, h := range a.holds[:0] {"}},
	{"a restore forgets the last minute", planting{"snapshot.go", "h.taken.write(f)", "h.gaveUp.write(f)"}},
	{"a draw is drawn again after a restore", planting{"settle.go", "r.draw.list, 0, r.drawn)", "r.draw.list, 0, r.drawn*0)"}},
	{"what is frozen goes on changing", planting{"ticket.go", "if p.gen != r.rooms.gen {", "if false {"}},
	{"admissions that are frozen go on changing", planting{"active.go", "if p.gen != gen {", "if false {"}},
	{"a restore keeps the epoch", planting{"era.go", "r.epoch = [16]byte(sum[16:])", ""}},
	{"a change is not counted", planting{"session.go", "r.active.agenda.add(end, n)\n\tr.version++", "r.active.agenda.add(end, n)"}},
	{"nothing is due when something is left again", planting{"admit.go", "return r.states[Waiting] > 0 && r.allowed(now) > 0 && r.possible(r.left()) > 0", "return false"}},
}

// smallPieces has a draw of a handful done in many steps, so that commands come between.
var smallPieces = planting{"draw.go", "drawPiece = 1 << 16", "drawPiece = 3"}

// needSmallPieces are noticed only then.
var needSmallPieces = map[string]bool{"a draw is drawn again after a restore": true}

func playsRooms(t *testing.T, plantings ...planting) ([]byte, error) {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "gate")
	build(t, bin, "waitroom", plantings...)
	return exec.Command(bin, "-rooms").CombinedOutput()
}

// TestRoomMutantsAreNoticed builds and plays one of the mutants, another each time. All of them:
//
//	USHER_PROPTEST_MUTANTS=99 go test ./proptest -run RoomMutants
func TestRoomMutantsAreNoticed(t *testing.T) {
	t.Parallel()
	for _, i := range rand.Perm(len(roomMutants))[:min(len(roomMutants), envInt("USHER_PROPTEST_MUTANTS", 1))] {
		m := roomMutants[i]
		t.Run(m.name, func(t *testing.T) {
			plantings := []planting{m.planting}
			if needSmallPieces[m.name] {
				plantings = append(plantings, smallPieces)
			}
			out, err := playsRooms(t, plantings...)
			if err == nil {
				t.Fatalf("nobody noticed")
			}
			t.Logf("%.300s", out)
		})
	}
}

// TestRoomsDrawnInSmallPieces wants nothing to be noticed of pieces that are smaller.
func TestRoomsDrawnInSmallPieces(t *testing.T) {
	t.Parallel()
	if out, err := playsRooms(t, planting{"draw.go", "scanPiece = 1 << 18 // tickets\n\tdrawPiece = 1 << 16", "scanPiece = 5\n\tdrawPiece = 3"}); err != nil {
		t.Fatalf("%v\n%.1500s", err, out)
	}
}

// TestRoomMutantsCanBePlanted wants the text that each mutant replaces to be there, once.
func TestRoomMutantsCanBePlanted(t *testing.T) {
	for _, m := range roomMutants {
		if src, err := os.ReadFile(filepath.Join("..", "waitroom", m.file)); err != nil || strings.Count(string(src), m.is) != 1 {
			t.Errorf("%s: %v, %q is there %d times", m.name, err, m.is, strings.Count(string(src), m.is))
		}
	}
}
