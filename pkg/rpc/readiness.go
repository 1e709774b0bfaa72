package rpc

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/noticehub/noticehub/pkg/clock"
)

const (
	// probeEvery is how often checks run and thus how old an answer may be: anybody
	// can ask, and must not be able to load the database by asking often.
	probeEvery = time.Second
	// probeTime is how long one check may take.
	probeTime = 2 * time.Second
)

// readiness asks the checks and tells grpc.health.v1 and /readyz.
type readiness struct {
	log      *slog.Logger
	health   *health.Server
	services []string

	mu       sync.Mutex
	names    []string
	checks   []func(context.Context) error
	at       time.Time
	failing  []string
	told     string
	stopping bool
}

func newReadiness(log *slog.Logger, h *health.Server) *readiness {
	r := &readiness{log: log, health: h}
	r.cover("")
	return r
}

func (r *readiness) add(name string, check func(context.Context) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.names, r.checks = append(r.names, name), append(r.checks, check)
	r.at = time.Time{}
}

// cover makes the health of a service that of the whole server. It is not
// serving until the first probe.
func (r *readiness) cover(service string) {
	r.services = append(r.services, service)
	r.health.SetServingStatus(service, healthv1.HealthCheckResponse_NOT_SERVING)
}

// probe returns the names of the checks that fail, at most probeEvery old.
func (r *readiness) probe(ctx context.Context) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := clock.System().Now()
	if r.stopping || now.Sub(r.at) < probeEvery {
		return r.failing
	}
	// The result is everybody's, so the one who asks cannot cancel it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTime)
	defer cancel()
	errs := make([]error, len(r.checks))
	var wait sync.WaitGroup
	for i, check := range r.checks {
		wait.Go(func() { errs[i] = check(ctx) })
	}
	wait.Wait()
	r.failing = nil
	for i, err := range errs {
		if err != nil {
			r.failing = append(r.failing, r.names[i])
		}
	}
	r.at = clock.System().Now()
	r.tell(errs)
	return r.failing
}

// tell passes a change on to grpc.health.v1 and the log.
func (r *readiness) tell(errs []error) {
	state := "ready"
	if len(r.failing) > 0 {
		state = "not ready: " + strings.Join(r.failing, ", ")
	}
	if state == r.told {
		return
	}
	// Not being ready yet is the way of every start; no longer being it is trouble.
	level := slog.LevelInfo
	if r.told != "" {
		level = slog.LevelWarn
	}
	r.told = state
	serving := healthv1.HealthCheckResponse_SERVING
	if len(r.failing) > 0 {
		serving = healthv1.HealthCheckResponse_NOT_SERVING
		r.log.Log(context.Background(), level, "not ready", "checks", strings.Join(r.failing, ","), "error", fmt.Sprint(slices.DeleteFunc(errs, func(err error) bool { return err == nil })))
	} else {
		r.log.Info("ready")
	}
	for _, service := range r.services {
		r.health.SetServingStatus(service, serving)
	}
}

// watch probes until ctx ends, so that watchers of grpc.health.v1 hear of changes.
func (r *readiness) watch(ctx context.Context) {
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		r.probe(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// stop makes the server not ready for good.
func (r *readiness) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopping, r.failing = true, []string{"stopping"}
	r.health.Shutdown()
}

// ServeHTTP answers /readyz: 200, or 503 with the names of what fails.
func (r *readiness) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if failing := r.probe(q.Context()); len(failing) > 0 {
		http.Error(w, "not ready: "+strings.Join(failing, ", "), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}
