// Command member is a shop that has Usher built in: three of them, started with the same -join,
// are one cluster, and sell the same hall without a server beside them.
//
//	go run ./engine/examples/member -id a -dir /tmp/a -listen 127.0.0.1:7001 -join 127.0.0.1:7001,127.0.0.1:7002,127.0.0.1:7003
//	go run ./engine/examples/member -id b -dir /tmp/b -listen 127.0.0.1:7002 -join 127.0.0.1:7001,127.0.0.1:7002,127.0.0.1:7003
//	go run ./engine/examples/member -id c -dir /tmp/c -listen 127.0.0.1:7003 -join 127.0.0.1:7001,127.0.0.1:7002,127.0.0.1:7003
//
// Each tries to hold every seat, and says how many it got: together as many as there are. Then it
// stays, as its vote is needed, until it is interrupted or its input ends.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/engine/chart"
)

func main() {
	id := flag.String("id", "", "this program's name in the cluster")
	dir := flag.String("dir", "", "its data folder")
	listen := flag.String("listen", "", "its port for the others")
	join := flag.String("join", "", "the ports of all three, separated by commas")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *id, *dir, *listen, strings.Split(*join, ",")); err != nil {
		log.Fatal(err) // after run has closed its engine
	}
}

func run(ctx context.Context, id, dir, listen string, join []string) (err error) {
	opening, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	e, err := engine.Open(opening, engine.Config{
		Dir:    dir,
		Groups: 2,
		Cluster: &engine.Cluster{
			NodeID: id, Listen: listen, Join: join, BootstrapExpect: len(join),
			Insecure: true, // on loopback; elsewhere TLS: engine.PeerTLS{…}
		},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()

	event, err := openHouse(ctx, e)
	if err != nil {
		return err
	}
	got := 0
	for _, row := range hall().Sections[0].Rows {
		for _, seat := range row.Seats {
			_, err := e.Hold(ctx, engine.HoldRequest{EventID: event, SeatIDs: []string{seat.SeatID}, HolderID: id})
			switch {
			case err == nil:
				got++
			case !errors.Is(err, engine.ErrSeatsUnavailable): // another one was faster
				return err
			}
		}
	}
	fmt.Printf("%s holds %d seats\n", id, got)

	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // until it ends
		cancel()
	}()
	select {
	case <-opening.Done():
		return nil
	case <-e.Done():
		return e.Err()
	}
}

// openHouse puts the hall on sale. All three do: the same key makes it the same event.
func openHouse(ctx context.Context, e *engine.Engine) (string, error) {
	if _, _, err := e.PutChart(ctx, "hall", hall()); err != nil {
		return "", err
	}
	ev, err := e.CreateEvent(ctx, engine.EventSpec{
		VenueID: "hall", EventDate: "2030-01-01", ChartID: "hall", IdempotencyKey: "opening night",
	})
	return ev.EventID, err
}

func hall() *chart.Chart {
	c := &chart.Chart{Name: "Hall", Categories: []chart.Category{{Name: "stalls"}}, Sections: []chart.Section{{Name: "Stalls"}}}
	for r := 'A'; r <= 'J'; r++ {
		row := chart.Row{Name: string(r)}
		for n := 1; n <= 20; n++ {
			row.Seats = append(row.Seats, chart.Seat{SeatID: fmt.Sprintf("%c-%d", r, n), Number: fmt.Sprint(n), Category: "stalls"})
		}
		c.Sections[0].Rows = append(c.Sections[0].Rows, row)
	}
	return c
}
