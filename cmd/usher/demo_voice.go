package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"text/template"
	"time"
)

// demoVoice tells people what there is to see, and how it goes.
type demoVoice struct {
	w    io.Writer
	then crowdCounts // at the last status
	at   time.Time
}

var welcome = template.Must(template.New("").Parse(`
A stadium of {{.Seats}} seats is on sale: three replicas in this process agree on every claim over loopback Raft{{if .Buyers}},
and after a rush at the opening {{.Buyers}} simulated buyers come a second, in waves{{end}}.

  Open     {{.URL}}
{{- range .Shows}}
             {{.}}
{{- end}}
  Queue    {{.URL}}?event={{.Gated}}
             stand in line yourself{{if .Buyers}}, with simulated people{{end}}: a lobby until {{.Opens}}, then places are drawn, and people are let in
{{- if .Metrics}}
  Figures  {{.Metrics}}metrics   {{.Metrics}}readyz?verbose
{{- end}}

Try, in another terminal:

  # Hold two seats. The page shows them at once; after two minutes they are free again.
  HOLD=$(curl -s {{.URL}}v1/reservations -H 'Content-Type: application/json' -d '{"event_id":"{{.Event}}","seat_ids":["{{.A}}","{{.B}}"],"holder_id":"me"}' | tee /dev/stderr | sed 's/.*"hold_id":"\([^"]*\)".*/\1/')

  # Somebody else wants one of them: 409, with the seat that is in the way.
  curl -s {{.URL}}v1/reservations -H 'Content-Type: application/json' -d '{"event_id":"{{.Event}}","seat_ids":["{{.B}}"],"holder_id":"somebody-else"}'

  # Buy them. Once more, and it says that they are booked.
  curl -s {{.URL}}v1/bookings -H 'Content-Type: application/json' -d '{"hold_id":"'$HOLD'","payment":{"method":"sandbox"}}'

  # How many claims a second can this machine decide? Better without the demo beside it.
  {{.Usher}} bench claims
{{if .Kept}}
  # Kill it as hard as you like, and start it again with --data {{.Dir}}: what was sold stays sold.
  kill -9 {{.PID}}
{{else}}
With --data DIR the stadium is kept: then try kill -9, and start it again. Without, all is gone at the end.
{{end}}
Ctrl-C ends it.

`))

func (v *demoVoice) welcome(d *demo) {
	main := d.shows[0]
	data := map[string]any{
		"Seats": "39,616", "URL": urlOf(d.site.ln), "Event": main.id, "A": main.spare[0], "B": main.spare[1],
		"Dir": d.dir, "Kept": d.cmd.Data != "", "PID": os.Getpid(), "Usher": os.Args[0], "Metrics": "", "Buyers": "",
	}
	if d.site.ops != nil {
		data["Metrics"] = urlOf(d.site.ops)
	}
	if !d.cmd.NoBuyers && d.cmd.BuyersPerSecond > 0 {
		data["Buyers"] = fmt.Sprintf("about %g", d.cmd.BuyersPerSecond)
	}
	var shows []string
	for _, s := range d.shows {
		shows = append(shows, fmt.Sprintf("%s  %s", s.id, s.name))
	}
	data["Shows"] = shows
	gated := d.shows[len(d.shows)-1]
	data["Gated"], data["Opens"] = gated.id, gated.opens.Local().Format(time.TimeOnly)
	_ = welcome.Execute(v.w, data) // the sticky writer remembers
	v.at = time.Now()
}

// status is one line about the last seconds.
func (v *demoVoice) status(ctx context.Context, d *demo) {
	var parts []string
	for _, s := range d.shows {
		e, err := d.site.engine.Event(ctx, s.id)
		if err != nil {
			return // the end has come, or is about to be told
		}
		n := e.Seats
		parts = append(parts, fmt.Sprintf("%s: %d sold, %d held, %d free", strings.SplitN(s.name, ",", 2)[0], n.Booked, n.Held, n.Available))
	}
	line := fmt.Sprintf("%s  %s", time.Now().Format(time.TimeOnly), strings.Join(parts, "; "))
	if d.crowd != nil {
		line += "; " + v.crowd(d.crowd.counts())
	}
	fmt.Fprintf(v.w, "%s; %.2f cores\n", line, d.budget.cores)
}

func (v *demoVoice) crowd(now crowdCounts) string {
	seconds := time.Since(v.at).Seconds()
	then := v.then
	v.at, v.then = time.Now(), now
	text := fmt.Sprintf("%.0f buyers/s, %d too late, %d given back",
		float64(now.Buyers-then.Buyers)/seconds, now.TooLate-then.TooLate, now.Cancelled-then.Cancelled)
	if n := now.Errors - then.Errors; n > 0 {
		text += fmt.Sprintf(", %d errors (%s)", n, now.LastError)
	}
	return text
}
