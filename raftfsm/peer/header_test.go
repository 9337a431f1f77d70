package peer

import (
	"bytes"
	"errors"
	"testing"
)

func FuzzMuxHeader(f *testing.F) {
	f.Add(headerOf(&hello{route{kindRaft, 7}, Identity{Cluster: testCluster, Node: "a"}, "b"}))
	f.Add([]byte("USHR\x02"))
	f.Add([]byte("GET / HTTP/1.1"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := bytes.NewReader(raw)
		h, err := readHeader(r)
		if err != nil {
			if !errors.Is(err, errHeader) {
				t.Fatalf("an untyped error: %v", err)
			}
			return
		}
		read := len(raw) - r.Len()
		if !bytes.Equal(headerOf(&h), raw[:read]) {
			t.Fatalf("%x was read as %+v", raw[:read], h)
		}
	})
}
