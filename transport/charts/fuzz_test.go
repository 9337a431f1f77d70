package charts

import (
	"errors"
	"testing"

	"github.com/usherhq/usher/engine/chart"
	"github.com/usherhq/usher/transport/charts/sample"
)

// FuzzImport: no document makes Import panic, a refusal names problems or the unknown format, and what comes in is valid, fully drawn and keeps its identity.
func FuzzImport(f *testing.F) {
	f.Add(file(f, "seatsio-sampleChart.json")[:4000], uint8(0))
	f.Add(sample.Metalist[:400], uint8(2))
	f.Add([]byte(csvHead+"a,S,1,1,c\nb,S,1,2,c\nc,T,1,1,c\n"), uint8(2))
	f.Add([]byte(`{"categories":[{"name":"c"}],"zones":[{"name":"Z","position":{"x":1,"y":2},"rows":[{"row_number":"1","seats":[{"seat_guid":"a","seat_number":"1","category":"c","position":{"x":1,"y":1}}]}]}]}`), uint8(3))
	f.Add([]byte(`{"categories":{"list":[{"key":1,"label":"c"}]},"subChart":{"rows":[{"label":"A","seats":[{"label":"1","x":1,"y":1,"categoryKey":1}]}],"sections":[{"label":"S","subChart":{"booths":[{"label":"b","categoryKey":1}]}}],"generalAdmissionAreas":[{"label":"g","capacity":9,"categoryKey":1}]}}`), uint8(4))
	f.Add([]byte(`{"categories":[{"name":"c"}],"sections":[{"name":"S","rows":[{"name":"1","seats":[{"seat_id":"a","number":"1","category":"c"}]}]}],"areas":[{"area_id":"g","name":"","capacity":4,"category":"c"}]}`), uint8(1))
	f.Fuzz(func(t *testing.T, data []byte, format uint8) {
		name := append([]string{""}, Formats...)[int(format)%(len(Formats)+1)]
		c, err := Import(data, name, "")
		if err != nil {
			var bad *chart.BadChart
			if c != nil || !errors.Is(err, ErrUnknownFormat) && (!errors.As(err, &bad) || len(bad.Problems) == 0) {
				t.Fatalf("refused with %v, %v", c, err)
			}
			return
		}
		for _, s := range c.Sections {
			for _, r := range s.Rows {
				for _, seat := range r.Seats {
					if seat.X == nil || seat.Y == nil {
						t.Fatalf("seat %s has no place", seat.SeatID)
					}
				}
			}
		}
		sameBytes(t, c)
	})
}
