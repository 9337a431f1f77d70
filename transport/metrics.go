package transport

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the edge's. No label has a value per event, seat or user.
type metrics struct {
	requests      *prometheus.HistogramVec
	connections   prometheus.Gauge
	subscriptions *prometheus.GaugeVec
	hubs          prometheus.Gauge
	lines         prometheus.Gauge
	frames        map[string]prometheus.Counter // by type: one map read a frame, no hashing of labels
	sentBytes     prometheus.Counter
	dropped       prometheus.Counter
	resyncs       prometheus.Counter
	closes        *prometheus.CounterVec
	tick          prometheus.Histogram
	lineTick      prometheus.Histogram
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "usher_http_request_duration_seconds",
			Help:    "Time to answer an HTTP request, by route, method and class of status.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 15},
		}, []string{"route", "method", "code"}),
		connections: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "usher_live_connections", Help: "Websockets open.",
		}),
		subscriptions: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "usher_live_subscriptions", Help: "Subscriptions of all websockets, by what they follow.",
		}, []string{"kind"}),
		hubs: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "usher_live_hubs", Help: "Events that somebody follows.",
		}),
		lines: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "usher_live_rooms", Help: "Waiting rooms of which somebody follows a ticket.",
		}),
		frames: map[string]prometheus.Counter{},
		sentBytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "usher_live_sent_bytes_total", Help: "Bytes of frames sent to websockets.",
		}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "usher_live_dropped_frames_total", Help: "Frames that were taken out of full queues.",
		}),
		resyncs: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "usher_live_resyncs_total", Help: "Slow readers that got a fresh snapshot in place of what they missed.",
		}),
		closes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "usher_live_closes_total", Help: "Websockets that the server closed, by close code.",
		}, []string{"code"}),
		tick: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "usher_live_tick_duration_seconds",
			Help:    "Time to read an event's changes and queue them for all who follow it.",
			Buckets: []float64{.00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25},
		}),
	}
	m.lineTick = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "usher_live_room_tick_duration_seconds",
		Help:    "Time to look at a waiting room and queue what those who follow its tickets should hear.",
		Buckets: []float64{.00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25},
	})
	frames := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "usher_live_frames_total", Help: "Frames put into the queues of websockets, by what they say.",
	}, []string{"type"})
	for _, label := range []string{"snapshot", "recovered", "delta", "heat", "hold", "queue", "ok", "error", "stale", "fresh"} {
		m.frames[label] = frames.WithLabelValues(label)
	}
	if r == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{
		m.requests, m.connections, m.subscriptions, m.hubs, m.lines, frames, m.sentBytes, m.dropped, m.resyncs, m.closes, m.tick, m.lineTick,
	} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// request notes an answer; status 0 is one that never wrote anything, which is a 200.
func (m *metrics) request(route, method string, status int, took time.Duration) {
	if status == http.StatusSwitchingProtocols {
		return // how long it lives is no latency
	}
	if status == 0 {
		status = http.StatusOK
	}
	m.requests.WithLabelValues(route, knownMethod(method), strconv.Itoa(status/100)+"xx").Observe(took.Seconds())
}

// knownMethod keeps clients from inventing label values.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions:
		return method
	}
	return "other"
}
