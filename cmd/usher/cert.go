package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/usherhq/usher/raftfsm/peertls"
)

// certCmd has what makes certificates.
type certCmd struct {
	CA   certCACmd   `cmd:"" name:"ca" help:"Make a CA: ca.pem, which all nodes trust, and ca-key.pem, which signs."`
	Node certNodeCmd `cmd:"" help:"Make key and certificate of nodes, signed by the CA."`
}

// Help is what usher cert --help adds.
func (c *certCmd) Help() string {
	return `Nodes of a cluster talk TLS with certificates on both sides, each naming its node. Here is what a first cluster needs:

  usher cert ca --dir ca
  usher cert node n1 n2 n3 --ca ca/ca.pem --dir certs

Each node gets ca.pem and its own two files of certs (--peer-ca, --peer-cert, --peer-key), and takes new ones without a restart. Keep ca-key.pem off the nodes: whoever has it can join the cluster. In production use your own PKI, with the node's id as a DNS name or as the URI usher:node:<id> in each certificate, for servers and clients both.`
}

// certFlags are what both commands have.
type certFlags struct {
	Dir   string `default:"." placeholder:"DIR" help:"Folder to write to; made if it does not exist."`
	Force bool   `xor:"there" help:"Replace files that exist."`
	Keep  bool   `xor:"there" help:"Leave files that exist, if they are good: for scripts that run again."`
	JSON  bool   `name:"json" help:"Report as one line of JSON."`
}

const day = 24 * time.Hour

// life is what --days says.
func life(days int) (time.Duration, error) {
	const most = 36500
	if days < 1 || days > most {
		return 0, fmt.Errorf("--days %d: possible is 1 to %d", days, most)
	}
	return time.Duration(days) * day, nil
}

// made is a certificate in the report.
type made struct {
	NodeID      string    `json:"node_id,omitempty"`
	Certificate string    `json:"certificate"`
	Key         string    `json:"key"`
	NotAfter    time.Time `json:"not_after"`
	Kept        bool      `json:"kept"` // it was there already
}

func (m *made) tell(t *term) {
	said := "written"
	if m.Kept {
		said = "was there already"
	}
	t.printf("%s, %s: %s, valid until %s\n", m.Certificate, m.Key, said, m.NotAfter.UTC().Format(time.RFC3339))
}

// makeDir is open to all: of what goes there only certificates are.
func (c *certFlags) makeDir() error { return os.MkdirAll(c.Dir, 0o755) }

// there says whether both files of a pair exist and are to stay. One without the other is
// nothing to build on.
func (c *certFlags) there(cert, key string) (bool, error) {
	taken := peertls.Absent(c.Force, cert, key)
	if taken == nil {
		return false, nil
	}
	if !c.Keep {
		return false, fmt.Errorf("%w: --force replaces it, --keep leaves it", taken)
	}
	for _, path := range []string{cert, key} {
		if _, err := os.Lstat(path); err != nil {
			return false, fmt.Errorf("--keep: one of a pair is there, the other is not: %w", err)
		}
	}
	return true, nil
}

// certCACmd makes a CA.
type certCACmd struct {
	Days int    `default:"3650" placeholder:"N" help:"Days that its certificate is valid (${default})."`
	Name string `default:"Usher peers" help:"What its certificate calls it (${default})."`
	certFlags
}

// Run writes ca.pem and ca-key.pem.
func (c *certCACmd) Run(_ context.Context, t *term) error {
	lasts, err := life(c.Days)
	if err != nil {
		return err
	}
	m := &made{Certificate: filepath.Join(c.Dir, "ca.pem"), Key: filepath.Join(c.Dir, "ca-key.pem")}
	if m.Kept, err = c.there(m.Certificate, m.Key); err != nil {
		return err
	}
	if m.Kept {
		err = c.keep(m)
	} else {
		err = c.write(m, lasts)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return t.json(m)
	}
	m.tell(t)
	return nil
}

func (c *certCACmd) keep(m *made) error {
	ca, err := peertls.LoadCA(m.Certificate, m.Key)
	if err != nil {
		return err
	}
	m.NotAfter = ca.NotAfter()
	return nil
}

func (c *certCACmd) write(m *made, lasts time.Duration) error {
	_, pair, err := peertls.NewCA(c.Name, lasts)
	if err != nil {
		return fmt.Errorf("--name: %w", err)
	}
	if err := c.makeDir(); err != nil {
		return err
	}
	m.NotAfter = pair.NotAfter
	return pair.Write(m.Certificate, m.Key, c.Force)
}
