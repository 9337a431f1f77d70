// Package chart is the model of a seat map: which seats and standing areas a place has, in which order they stand and where they are drawn.
//
// A chart lives through four steps, each a file here:
//
//	Decode    usher's own JSON form, read strictly: every mistake is named with its place
//	Validate  what the form cannot say: unique ids, known categories, sizes
//	Layout    coordinates for charts that come without
//	Encode    the canonical bytes; their sha256 (Sum) is the chart's identity
//
// An Index then turns seat names into dense numbers 0…N−1 in chart order, so that no string enters the claim's hot path or the log.
//
// Other formats (CSV, pretix, seats.io) are read by transport/charts, which ends here too: whatever comes in leaves through Encode.
//
// # Coordinates
//
// A coordinate is a number without a unit, x to the right and y down, as on a screen. Imported charts keep theirs. A chart laid out here has neighbouring
// seats 10 apart, rows 16 apart (a seat's width and a row's depth in a stadium: about 0.5 m and 0.8 m), and its top left corner at the origin. All are rounded to two decimals in the canonical form.
//
// The package imports the standard library only and keeps no state. A *Chart is not safe to change while others read it; an Index is read-only.
package chart
