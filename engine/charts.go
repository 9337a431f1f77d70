package engine

// ChartInfo says what is in a stored chart.
type ChartInfo struct {
	ChartID    string `json:"chart_id"`
	Seats      int    `json:"seats"`
	Sections   int    `json:"sections"`
	Categories int    `json:"categories"`
	Areas      int    `json:"areas"`
	SHA256     string `json:"sha256"` // hex, of the canonical JSON
}
