package charts

import "regexp"

// palette is for categories that come without a colour. The first seven are Okabe and Ito's (without black), which people with any common colour blindness can tell apart;
// the others are Paul Tol's muted ones.
var palette = []string{
	"#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442",
	"#332288", "#117733", "#882255", "#999933", "#aa4499",
}

// colorOf is the colour of the category that comes i-th; beyond the palette they come again.
func colorOf(i int) string { return palette[i%len(palette)] }

var hexColor = regexp.MustCompile(`^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$`)

// colorOr keeps a foreign colour if it is in our notation; others ("rgb(…)", names) give way to the palette's, since a wrong colour costs less than a refused chart.
func colorOr(color string, i int) string {
	if hexColor.MatchString(color) {
		return color
	}
	return colorOf(i)
}
