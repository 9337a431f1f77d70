// Package sample holds a real stadium, for demonstrations, benchmarks and tests.
package sample

import _ "embed"

// Metalist is the ticket shop's layout of a football stadium in Kharkiv: 39,616 seats, 58 sectors in four tribunes, 1,453 rows, as CSV (seat_id, section, row, number, category), without
// coordinates. To be read only.
//
// NOTICE: made from server/stadium/metalist.js of robotkoruslan/metalist at commit deb3af7, under the ISC licence (its package.json). The categories were added here.
//
//go:embed metalist.csv
var Metalist []byte
