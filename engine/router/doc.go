// Package router picks the allocation pattern of a request that leaves it to Usher
// (strategy "auto"). It is pure: [Decide] takes what was measured and asked for, the
// event's state and a time, and gives a pattern, why, and the next state. It reads no
// clock, keeps nothing, and decides the same on the same; who wins a seat never depends
// on it.
//
// # Order of decisions
//
// The first that applies:
//
//  1. queue, where the event has a waiting room, when there is a flood: the event has
//     very many attempts a second, or most of not so few are lost (a crush), or booking
//     has become slow. Holders of priority tiers are queued by the rate alone, at
//     priority_factor times as many attempts, or when booking is slow: they do not wait
//     for a crush of others.
//  2. lease, for requests of several nights that are contested: a night lost in between
//     makes all others worthless, so they are claimed at once for a short while and
//     renewed. In a series of shows (a residency) contested begins early, and counts too
//     when little is left; for a stay (nights without a show time) it begins later.
//  3. optimistic, for all other requests of several nights: versions are read with the
//     seats, and a claim that finds others is told so. Cheap while few are, and above all
//     honest.
//  4. skip_locked, for a request of one night that names its seats and accepts others,
//     when the event is contested: what is gone is replaced in the same entry. In a run
//     (a series with many shows in the week around) contested begins earlier, since the
//     buyer who goes without a seat has other evenings to be lost to. The party is to be
//     small enough to be seated side by side elsewhere, and as many seats are to be free.
//  5. direct: exactly the seats asked for, all or none.
//
// What it never does: change the seats of a request that does not accept it (of one that
// accepts "suggest", skip_locked only proposes), or ask for admission where there is no
// waiting room. A flood without one is decided by what follows in the order.
//
// # Thresholds of the default table
//
// A threshold has two values: it is reached at enter, and left only beyond leave; and
// once it has turned it stays so for the dwell time, 15 s. Together they bound flapping
// to one turn a dwell time, however the measure swings.
//
//	signal                    measure                       enter   leave
//	queue.rate                attempts/s of the event       1,000     400
//	  (priority tiers, × 2)                                 2,000     800
//	queue.crush               share of attempts lost         80 %    60 %
//	queue.crush_rate          attempts/s, needed as well       50      20
//	queue.latency_ms          p99 of booking                  500     250
//	lease.series              share of attempts lost         25 %    15 %
//	lease.series_left         share of the seats left        10 %    15 %
//	lease.stay                share of attempts lost         50 %    35 %
//	skip_locked.contention    share of attempts lost         15 %     8 %
//	skip_locked.run           share of attempts lost          5 %     2 %
//
//	nights                    nights that are several           2
//	skip_locked.run_shows     shows a week that are a run       6
//	skip_locked.max_party     seats side by side                8
//
// Why these. A thousand attempts a second on one event is far below what the log carries,
// and far above what a page of people does by itself: it is a sale's opening, or a
// machine. When four of five attempts fail, waiting in line costs a buyer less than
// trying again. Where a quarter of attempts is lost, three nights that are as contested
// each fail more often than not (0.75³ = 42 %), and a residency's nights cannot be
// exchanged; a hotel has other rooms for the same nights, so a stay may be optimistic for
// longer. Replacing costs nobody anything, so skip_locked begins early. They are reasoned,
// not measured, and configuration: [Table].
//
// # State
//
// State belongs to an event, not to a request: it has one latch for each signal, and
// signals are of the event alone. So requests of many shapes can share it without
// disturbing each other. [Sense] moves it, [Choose] decides from it; an owner may sense
// once a second and choose with each request. For a request over several events, that is
// the one with the most contention.
package router
