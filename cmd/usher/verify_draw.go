package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/usherhq/usher/engine"
)

// verifyDrawCmd makes the draw of a waiting room again, from what is published of it.
type verifyDrawCmd struct {
	Draw     string `placeholder:"FILE|URL" help:"What GET /v1/events/{event_id}/room/draw gave: commitment, seed, digest."`
	Entrants string `placeholder:"FILE|URL" help:"What GET /v1/events/{event_id}/room/entrants gave: the list, as CSV."`
	Entrant  string `placeholder:"HEX" help:"Tell the place of this one, too; a ticket's page shows it."`
	Server   string `placeholder:"URL" help:"Instead of --draw and --entrants: ask this server, for --event."`
	Event    string `placeholder:"ID" help:"An event of the room, with --server."`
	JSON     bool   `name:"json" help:"Report as one line of JSON."`
}

// Help says what it proves.
func (*verifyDrawCmd) Help() string {
	return `Before the opening the room publishes a commitment: the SHA-256 of a seed. After the draw it publishes the seed and the list of all who were in the lobby, as hashes of their names. This command holds the seed against the commitment, and the list against the digest that went into the draw; it wants nobody to be listed twice, draws again, and holds every place against the list. It asks nobody's server for more than these two files.

Keep the commitment from before the opening, and compare: that it did not change is what this command cannot know.`
}

// drawVerdict is what came out.
type drawVerdict struct {
	OK         bool         `json:"ok"`
	Problem    string       `json:"problem,omitempty"`
	Entrants   int          `json:"entrants"`
	Commitment string       `json:"commitment"`
	Digest     string       `json:"digest"`
	Entrant    *drawEntrant `json:"entrant,omitempty"`
}

type drawEntrant struct {
	Entrant string `json:"entrant"`
	Tier    string `json:"tier,omitempty"`
	Place   uint32 `json:"place"` // in the lane of the tier
}

// Run reports, and fails if anything disagrees.
func (c *verifyDrawCmd) Run(ctx context.Context, t *term) error {
	id, err := c.locate()
	if err != nil {
		return err
	}
	draw, list, err := c.read(ctx)
	if err != nil {
		return err
	}
	wrong := list.verify(draw)
	v := &drawVerdict{OK: wrong == nil, Entrants: len(list.list), Commitment: draw.Commitment, Digest: draw.Digest}
	if wrong != nil {
		v.Problem = wrong.Error()
	} else if c.Entrant != "" {
		at := list.find(id)
		if at < 0 {
			return fmt.Errorf("--entrant %s was not in the draw", c.Entrant)
		}
		e := list.list[at]
		v.Entrant = &drawEntrant{c.Entrant, list.tiers[e.Lane], e.Place}
	}
	if c.JSON {
		return errors.Join(t.json(v), wrong)
	}
	v.print(t)
	return wrong
}

// locate fills in the two addresses, and reads the entrant's id.
func (c *verifyDrawCmd) locate() (id [16]byte, err error) {
	switch {
	case c.Entrant == "":
	case len(c.Entrant) != 2*len(id):
		return id, fmt.Errorf("--entrant %q is not %d hex digits", c.Entrant, 2*len(id))
	default:
		if _, err := hex.Decode(id[:], []byte(c.Entrant)); err != nil {
			return id, fmt.Errorf("--entrant %q: %w", c.Entrant, err)
		}
	}
	if c.Server == "" {
		if c.Draw == "" || c.Entrants == "" || c.Event != "" {
			return id, errors.New("want --draw and --entrants, or --server and --event")
		}
		return id, nil
	}
	if c.Event == "" || c.Draw != "" || c.Entrants != "" {
		return id, errors.New("--server goes with --event, and without --draw and --entrants")
	}
	server, err := apiAt("--server", c.Server, "http://127.0.0.1:8080")
	if err != nil {
		return id, err
	}
	room := strings.TrimSuffix(server.base.String(), "/") + "/v1/events/" + url.PathEscape(c.Event) + "/room/"
	c.Draw, c.Entrants = room+"draw", room+"entrants"
	return id, nil
}

func (c *verifyDrawCmd) read(ctx context.Context) (*engine.Draw, *drawList, error) {
	draw, list := &engine.Draw{}, &drawList{}
	err := readFrom(ctx, c.Draw, func(r io.Reader) error {
		return json.NewDecoder(io.LimitReader(r, maxAnswer)).Decode(draw)
	})
	if err == nil {
		err = readFrom(ctx, c.Entrants, func(r io.Reader) (err error) {
			list, err = readDrawList(bufio.NewReaderSize(r, 1<<20))
			return err
		})
	}
	return draw, list, err
}

// readFrom opens a file or a URL; what goes wrong names it.
func readFrom(ctx context.Context, from string, read func(io.Reader) error) error {
	body, err := openFrom(ctx, from)
	if err == nil {
		err = errors.Join(read(body), body.Close())
	}
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	return nil
}

func openFrom(ctx context.Context, from string) (io.ReadCloser, error) {
	if !strings.HasPrefix(from, "http://") && !strings.HasPrefix(from, "https://") {
		return os.Open(from)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, unwrapURL(err)
	}
	if res.StatusCode != http.StatusOK {
		raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
		problem := &apiProblem{}
		if err = errors.Join(err, res.Body.Close()); err == nil && json.Unmarshal(raw, problem) == nil && problem.Code != "" {
			return nil, problem
		}
		return nil, errors.Join(fmt.Errorf("answered %s", res.Status), err)
	}
	return res.Body, nil
}

func (v *drawVerdict) print(t *term) {
	t.printf("%d entrants\n  commitment  %s\n  digest      %s\n", v.Entrants, v.Commitment, v.Digest)
	if !v.OK {
		t.printf("The draw does NOT come to what was published: %s.\n", v.Problem)
		return
	}
	t.printf("The draw comes to the published places, all of them.\n")
	if e := v.Entrant; e != nil {
		tier := ""
		if e.Tier != "" {
			tier = " of " + e.Tier
		}
		t.printf("  %s has place %d%s\n", e.Entrant, e.Place, tier)
	}
}
