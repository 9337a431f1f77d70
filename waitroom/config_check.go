package waitroom

func (c *Config) sound() bool {
	if c.MaxActive < 1 || c.MaxActive > MaxCount || c.NewPerMinute < 1 || c.NewPerMinute > MaxCount ||
		c.FirstUse < 1 || c.Session < 1 || c.FirstUse > maxSpan || c.Session > maxSpan || c.OpensAt < 0 || len(c.Tiers) > MaxTiers {
		return false
	}
	for i, t := range c.Tiers {
		if t.General < 1 || t.General > MaxRatio || t.Lane < 1 || t.Lane > MaxRatio || t.Name == "" || len(t.Name) > MaxID {
			return false
		}
		if i > 0 && c.Tiers[i-1].Name >= t.Name {
			return false
		}
	}
	return true
}

// maxSpan bounds sessions, in ms: a year.
const maxSpan = 366 * 24 * 3600 * 1000
