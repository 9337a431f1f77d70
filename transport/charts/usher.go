package charts

import "github.com/usherhq/usher/engine/chart"

// readUsher reads usher's own form, strictly.
func readUsher(data []byte) (*draft, error) {
	c, err := chart.Decode(data)
	if err != nil {
		return nil, err
	}
	return &draft{chart: c, name: chart.Place.String}, nil
}
