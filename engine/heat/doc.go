// Package heat measures contention: where in an event buyers try, win, lose and look. It
// is approximate, of this node alone, in memory alone, and off the claim's path: a
// claim's goroutine reports what became of it after the answer, by atomic additions, and
// nothing ever waits for it. Nothing is decided by it but advice: what a page shows and
// what the router prefers. What it has never seen, or has forgotten, it takes for quiet.
//
// # What is counted
//
// [Heat.Attempt] takes a claim's seats and whether it won. A claim that won counts as won
// on each of its seats. One that lost counts as lost on the seats that were in its way,
// if they are known: a buyer did not lose a seat that was free. Seats that have changed
// since an optimistic claim read them were in its way. So seats, sections (the
// sum of their seats) and the report's totals (the sum of the sections) count seats; only
// [Pulse], which the router reads, counts claims.
//
// Viewers are people who say that they look: at some seats, or at a section. One of them
// counts once in the event, once in each section, and once on each seat that is named.
// Someone with two tabs is two viewers.
//
// # Decay
//
// Counts have a half-life ([HalfLife], 30 s): what happened t seconds ago weighs
// 2^(−t/30). So "attempts" is not a number of an interval; with a steady r attempts/s it
// settles at r · 30/ln 2 ≈ 43 r. A tick, once a second, folds what came since the last
// one in, as if all of it had come in the tick's middle:
//
//	count ← count · f + window · √f      f = 2^(−elapsed/half-life)
//
// Rates are the decayed claims over equally decayed seconds, so they are right from an
// event's first seconds on. A seat whose attempts have decayed below 1/64 (one attempt:
// after six half-lives, 3 min) is forgotten. Viewers do not decay; they leave.
//
// # Crowds
//
// Of an event with more than 4,096 claims a second only one claim in 2, 4 or, from 16,384
// on, 8 is counted, drawn at random, and as that many. Cores that add to the same counters
// wait for each other, and when that costs most, precision is worth least: sums and shares
// are right on average, those of a seat tried n times to about √(8/n).
//
// # Score and class
//
//	score = won + lost + viewers     a viewer weighs as much as an attempt just made
//
// [Map.Hottest] ranks by score; of equals the seat with the lower number is first. For
// pictures there are eight classes, on a logarithmic scale of base 4:
//
//	class   0    1      2       3        4         5          6           7
//	score   <1   1…<4   4…<16   16…<64   64…<256   256…<1024  1024…<4096  4096 and up
//
// A section's class is that of 16 average seats of it: 16 · score / seats. So one seat
// under siege does not paint a section of five hundred, and four hundred attempts do.
//
// # Success chance
//
// It answers: if one more buyer goes for this seat now, how likely is it that they get
// it? With w and l the decayed won and lost attempts, k = 8 ([PriorStrength]), v the
// viewers, and a the seats that are available:
//
//	p_event   = (W  + k · 1        ) / (W  + L  + k)
//	p_section = (ws + k · p_event  ) / (ws + ls + k)
//	p         = (w  + k · p_section) / (w  + l  + k)
//
//	chance of a seat      = 0 if it is not available, else min(p, 1/max(1, v))
//	chance in a section   = min(p_section, a_section/max(1, v_section))
//	chance in the event   = min(p_event, a/max(1, v))
//
// Why so. The share of attempts that won is the plain estimate, but a seat has seen few
// attempts or none: its section, and for the section the event, serve as a Beta prior
// worth k attempts, and an event without any attempt has refused nobody, hence the 1.
// Viewers bound it from above, whatever the past says: of v people who look at one seat
// at most one gets it, and none of them is known to be quicker, so nobody's chance is
// above 1/v. 1,842 people look at a seat: 1/1842 = 0.054 %.
//
// Its limits. An attempt on a seat long gone, made from an old map, counts as lost as one
// that came a millisecond late does, so after a rush the estimate is gloomy until it has
// decayed. A viewer need not want to buy, and a buyer need not say where they look.
// Another node's attempts and viewers are not seen. A party of four needs all four; the
// four chances are neither independent nor equal, and the formula is for one seat. It is
// a figure to warn with, not to promise.
//
// # Memory
//
// An event that is quiet has none. Seats are kept in pages of 256, 5.25 KiB each (21
// bytes a seat), made at the first attempt or viewer and dropped when all in them is
// forgotten: at most 1.8 MiB for 90,000 seats. [Config] bounds events and bytes. At the
// bound what is new goes uncounted until the next tick, which drops the coldest events
// until an eighth is free.
//
// # Who calls what
//
// [Heat.Run] is the one goroutine, the owner's. All else may be called from anywhere at
// any time, except that a [Viewer] and [Frames] belong to one goroutine at a time. No
// method calls back while it holds a lock.
package heat
