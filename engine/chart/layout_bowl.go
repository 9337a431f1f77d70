package chart

// bowl draws a stadium: its four sides around a pitch, sections side by side, tiers one behind another.
func bowl(around *stadium) *plan {
	for i := range around {
		for _, tier := range around[i].tiers {
			align(tier)
		}
	}
	radius := cornerRadius(around)
	long := halfLength(radius, around[north], around[south])
	short := halfLength(radius, around[east], around[west])
	p := newPlan()
	for i := range around {
		c := curve{half: long, across: short, radius: radius, at: side(i)}
		if c.at == east || c.at == west {
			c.half, c.across = short, long
		}
		around[i].arrange(c)
		around[i].draw(p, c)
	}
	const clear = 40.0 // between the pitch and the first row
	x, y := long+radius-clear, short+radius-clear
	p.inner = box{-x, -y, x, y}
	return p
}

// cornerRadius grows with the sides, so that large and small stadiums look alike.
func cornerRadius(around *stadium) float64 {
	widest := 0.0
	for i := range around {
		for _, tier := range around[i].tiers {
			widest = max(widest, runLength(tier))
		}
	}
	return max(150, widest/6)
}

// runLength is how long a tier is side by side on a straight line.
func runLength(tier []*block) float64 {
	sum := Aisle * float64(len(tier))
	for _, b := range tier {
		sum += SeatPitch * float64(b.width)
	}
	return sum
}

// halfLength is half of the shortest straight piece on which two opposite sides find room for each of their tiers.
func halfLength(radius float64, sides ...stand) float64 {
	const shortest = 100.0
	longest := shortest
	for _, s := range sides {
		for _, tier := range s.tiers {
			longest = max(longest, runLength(tier))
		}
	}
	return least(shortest, longest, func(half float64) bool {
		c := curve{half: half, radius: radius}
		for _, s := range sides {
			for _, tier := range s.tiers {
				if c.run(tier, 0, -c.limit()+Aisle/2, Aisle) > c.limit()-Aisle/2 {
					return false
				}
			}
		}
		return true
	})
}

// least is the smallest value from lo to hi, to a hundredth, that will do. Whatever is above one that will do must do too; hi is taken to.
func least(lo, hi float64, do func(float64) bool) float64 {
	for hi-lo > 0.01 {
		if mid := (lo + hi) / 2; do(mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi
}

// arrange gives every section its piece of the side and its distance from the front: the first tier along the whole side, with wider aisles where there is room to spare, each further
// one in the middle, right behind what is in front of it there. So boxes fill the bay that short sections leave among long ones.
func (s *stand) arrange(c curve) {
	var before []*block
	for i, tier := range s.tiers {
		aisle := Aisle
		if i == 0 {
			aisle = c.widestAisle(tier)
		}
		front := 0.0
		for {
			c.center(tier, front, aisle)
			behind := skyline(before, tier[0].from-Aisle/2, tier[len(tier)-1].to+Aisle/2)
			if behind <= front {
				break
			}
			front = behind
		}
		before = append(before, tier...)
	}
}

// widestAisle shares room to spare among the aisles, up to twice what they need: sections far apart look like stands of their own.
func (c curve) widestAisle(tier []*block) float64 {
	return 3*Aisle - least(Aisle, 2*Aisle, func(less float64) bool {
		aisle := 3*Aisle - less
		return c.run(tier, 0, -c.limit()+aisle/2, aisle) <= c.limit()-aisle/2
	})
}

// center sets a tier so that as much of the side is left on either end. It is where the tier would begin at an end, moved by half of what is left; in the corners the
// sections' own size changes as they move, so the place is searched.
func (c curve) center(tier []*block, front, aisle float64) {
	start := -least(0, c.limit(), func(left float64) bool { return c.run(tier, front, -left, aisle) <= left })
	c.run(tier, front, start, aisle)
}

// skyline is the distance from the front at which everything that stands in from…to ends, an aisle added; 0 if nothing does.
func skyline(blocks []*block, from, to float64) float64 {
	behind := 0.0
	for _, b := range blocks {
		if b.to > from && b.from < to {
			behind = max(behind, b.front+RowPitch*float64(b.depth)+Aisle)
		}
	}
	return behind
}

// draw sets the seats, each row in the middle of its section's piece.
func (s *stand) draw(p *plan, c curve) {
	for _, tier := range s.tiers {
		for _, b := range tier {
			for _, l := range b.lines {
				d := b.front + RowPitch*float64(l.depth)
				first := (c.along(b.from, d)+c.along(b.to, d))/2 - SeatPitch*float64(l.width-1)/2
				for k, slot := range l.slots {
					x, y := c.point(first+SeatPitch*float64(slot), d)
					p.put(&l.row.Seats[k], x, y)
				}
			}
		}
	}
}

// run sets sections side by side from s = start on, the first row of each at distance front plus its own depth, and tells where the last one ends.
func (c curve) run(tier []*block, front, start, aisle float64) float64 {
	s := start
	for i, b := range tier {
		if i > 0 {
			s += aisle
		}
		b.from, b.to, b.front = s, s, front
		for _, l := range b.lines {
			d := front + RowPitch*float64(l.depth)
			b.to = max(b.to, c.back(c.along(s, d)+SeatPitch*float64(l.width), d))
		}
		s = b.to
	}
	return s
}
