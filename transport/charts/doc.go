// Package charts reads seat maps in the formats that venues have them in, and gives usher's own chart.
//
//	usher    usher's JSON form: usher.go
//	csv      one seat a line: csv.go
//	pretix   pretix's seating plans: pretix.go
//	seatsio  seats.io's published charts: seatsio.go
//
// Each importer turns a document into a draft: a chart, where in the document each part of it came from, and what could not be read. Import then validates the chart, and either gives
// it with a layout or lists every problem in the document's own terms. Nothing is mended in silence that people would miss: an id that stands twice is refused, with both
// places; drawings, colours in other notations and fields of no use here are left out, as each importer's comment says.
//
// Package sample holds the chart of a real stadium.
package charts
