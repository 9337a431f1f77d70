package transport_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/transport"
)

// One durable node with its API on a port, until the context ends.
func Example() {
	dir, _ := os.MkdirTemp("", "usher")
	defer func() { _ = os.RemoveAll(dir) }()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	e, err := engine.Open(ctx, engine.Config{Dir: dir})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = e.Close() }() // after Serve has returned: requests end first

	server, err := transport.New(transport.Config{Engine: transport.View(e)})
	if err != nil {
		fmt.Println(err)
		return
	}
	listener, _ := net.Listen("tcp", "127.0.0.1:0")
	served := make(chan error)
	go func() { served <- server.Serve(ctx, listener, nil) }()

	res, err := http.Get("http://" + listener.Addr().String() + "/v1/events")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(res.Status)
	_ = res.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	stop()
	fmt.Println(<-served)
	// Output:
	// 200 OK
	// <nil>
}
