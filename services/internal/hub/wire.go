package hub

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/pprof"
	"os"
	"path/filepath"
	"slices"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/config"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/postgres"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	sandboxv1 "github.com/noticehub/noticehub/proto/noticehub/sandbox/v1"
	"github.com/noticehub/noticehub/services/adviceoutcome"
	"github.com/noticehub/noticehub/services/autoprocessing"
	"github.com/noticehub/noticehub/services/console"
	"github.com/noticehub/noticehub/services/intake"
	"github.com/noticehub/noticehub/services/internal/launch"
	"github.com/noticehub/noticehub/services/internal/operations"
	"github.com/noticehub/noticehub/services/registry"
	"github.com/noticehub/noticehub/services/workitems"
)

// Schemas are what the services own in the database.
func Schemas() []postgres.Schema {
	return []postgres.Schema{intake.Schema(), autoprocessing.Schema(), adviceoutcome.Schema(), registry.Schema(), workitems.Schema(), console.Schema(), audit.Schema()}
}

// wire makes the services and the server they share.
func (h *Hub) wire(ctx context.Context, connect func(service string) bus.Config) error {
	days, err := calendar.Load()
	if err != nil {
		return err
	}
	auditKey, err := launch.SecretFile(filepath.Join(h.options.Dir, "keys", "audit.key"), true)
	if err != nil {
		return fmt.Errorf("key of the audit log: %w", err)
	}
	parts := func(name string, schema postgres.Schema) (launch.Parts, error) {
		pool, err := h.pool(ctx, schema, postgres.Options{MaxConns: h.options.Conns, ApplicationName: name, Scope: postgres.Everything})
		if err != nil {
			return launch.Parts{}, err
		}
		shared := h.logins[schema.Name] == ""
		if err := launch.CheckDatabase(ctx, pool, schema, shared); err != nil {
			return launch.Parts{}, err
		}
		door, err := h.pool(ctx, schema, postgres.Options{MaxConns: launch.DoorConns, ApplicationName: name + "-door"})
		if err != nil {
			return launch.Parts{}, err
		}
		writer, err := audit.NewWriter(name, auditKey)
		if err != nil {
			return launch.Parts{}, err
		}
		b, err := h.connectBus(ctx, connect, name)
		if err != nil {
			return launch.Parts{}, err
		}
		h.parts = append(h.parts, operations.Part{Service: name, Pool: pool, Bus: b, Audit: writer})
		return launch.Parts{Pool: pool, Door: door, Audit: writer, Bus: b, Clock: h.clock, Calendar: days, Zone: h.zone, Telemetry: h.telemetry.Part(name)}, nil
	}
	// The table is filled while the services are made, before anything is served:
	// a service may need a connection to a sibling to be made.
	methods := identity.Table{}
	if err := h.openDoor(ctx, parts, methods); err != nil {
		return err
	}
	h.server.Handle("/debug/pprof/", http.HandlerFunc(pprof.Index))
	h.server.Handle("/debug/pprof/profile", http.HandlerFunc(pprof.Profile))
	if sandbox, ok := h.clock.(*clock.Sandbox); ok {
		sandboxv1.RegisterClockServiceServer(h.server, &clockService{clock: sandbox, zone: h.zone, audit: h.recorder})
		maps.Copy(methods, clockMethods())
	}
	for i, build := range []func(context.Context, partsOf) (launch.Service, error){
		func(context.Context, partsOf) (launch.Service, error) { return h.auditService, nil },
		func(context.Context, partsOf) (launch.Service, error) { return h.people, nil },
		h.registry, h.intake, h.autoprocessing, h.adviceoutcome, h.workitems,
	} {
		s, err := build(ctx, parts)
		if err != nil {
			return err
		}
		h.parts[i].Detectors = operations.Watched(s) // each service took its parts in this order
		merged, err := identity.Merge(methods, s.Methods())
		if err != nil {
			return err
		}
		maps.Copy(methods, merged)
		s.Register(h.server)
		h.server.Ready(fmt.Sprintf("%T", s), s.Ready)
		h.services = append(h.services, s)
	}
	return h.operations(methods)
}

// operations is served once for all services of the process.
func (h *Hub) operations(methods identity.Table) error {
	merged, err := identity.Merge(methods, operations.Methods())
	if err != nil {
		return err
	}
	maps.Copy(methods, merged)
	pipelineFirst := slices.Concat(h.parts[2:], h.parts[:2]) // then the log and the console
	s := operations.New(operations.Deps{Parts: pipelineFirst, Clock: h.clock, Log: h.telemetry.Log})
	s.Register(h.server)
	h.keep = append(h.keep, s.Run)
	return nil
}

func (h *Hub) pool(ctx context.Context, schema postgres.Schema, o postgres.Options) (*pgxpool.Pool, error) {
	if o.MaxConns == 0 {
		o.MaxConns = 12
	}
	pool, err := postgres.Open(ctx, h.databaseURL(schema), schema, o)
	if err == nil {
		h.onClose(pool.Close)
	}
	return pool, err
}

type partsOf func(name string, schema postgres.Schema) (launch.Parts, error)

// limiting are the settings of which 0 means without limit.
var limiting = []string{"NOTICEHUB_CALLS_PER_SECOND", "NOTICEHUB_MESSAGES_PER_SECOND", "NOTICEHUB_CALLS_IN_FLIGHT", "NOTICEHUB_CUSTOMER_RATE", "NOTICEHUB_SEARCH_QUOTA"}

// settings fills a service's own settings from the environment. Keys live in the
// hub's directory and are made at the first start, unless set otherwise.
func (h *Hub) settings(into any) error {
	keys := filepath.Join(h.options.Dir, "keys")
	own := map[string]string{
		"NOTICEHUB_RECEIPT_KEY_FILE": filepath.Join(keys, "receipt.pem"),
		"NOTICEHUB_SIGNING_KEY_FILE": filepath.Join(keys, "report.pem"),
		"NOTICEHUB_LOG_KEY_FILE":     filepath.Join(keys, "audit-log.pem"),
		"NOTICEHUB_SESSION_KEY_FILE": filepath.Join(keys, "session.key"),
		"NOTICEHUB_CONSOLE_ORIGIN":   "http://" + h.HTTP(),
		"NOTICEHUB_OIDC_ISSUER":      h.issuer(),
		"NOTICEHUB_CREATE_KEYS":      "true",
	}
	return config.Load(config.Options{Env: func(name string) (string, bool) {
		if h.options.Unlimited && slices.Contains(limiting, name) {
			return "0", true
		}
		if value, ok := os.LookupEnv(name); ok {
			return value, true
		}
		value, ok := own[name]
		return value, ok
	}}, into)
}

func (h *Hub) registry(_ context.Context, parts partsOf) (launch.Service, error) {
	var cfg registry.Config
	p, err := parts("registry", registry.Schema())
	if err := errors.Join(err, h.settings(&cfg)); err != nil {
		return nil, err
	}
	return registry.New(cfg, registry.Deps{Pool: p.Pool, Bus: p.Bus, Clock: p.Clock, Zone: p.Zone, Telemetry: p.Telemetry, Audit: p.Audit})
}

func (h *Hub) intake(_ context.Context, parts partsOf) (launch.Service, error) {
	var cfg intake.Config
	p, err := parts("intake", intake.Schema())
	if err := errors.Join(err, h.settings(&cfg)); err != nil {
		return nil, err
	}
	return intake.New(cfg, intake.Deps{
		Pool: p.Pool, Door: p.Door, Audit: p.Audit, Bus: p.Bus, Clock: p.Clock, Calendar: p.Calendar, Zone: p.Zone, Telemetry: p.Telemetry,
	})
}

func (h *Hub) autoprocessing(ctx context.Context, parts partsOf) (launch.Service, error) {
	var cfg autoprocessing.Config
	p, err := parts("autoprocessing", autoprocessing.Schema())
	if err := errors.Join(err, h.settings(&cfg)); err != nil {
		return nil, err
	}
	conn, err := h.Conn(identity.Caller{Kind: identity.Service, ID: "autoprocessing"})
	if err != nil {
		return nil, err
	}
	h.onClose(func() { _ = conn.Close() })
	return autoprocessing.New(cfg, autoprocessing.Deps{
		Pool: p.Pool, Door: p.Door, Audit: p.Audit, Bus: p.Bus, Clock: p.Clock, Zone: p.Zone, Telemetry: p.Telemetry,
		Registry: registryv1.NewRegistryServiceClient(conn),
	})
}

func (h *Hub) adviceoutcome(_ context.Context, parts partsOf) (launch.Service, error) {
	var cfg adviceoutcome.Config
	p, err := parts("adviceoutcome", adviceoutcome.Schema())
	if err := errors.Join(err, h.settings(&cfg)); err != nil {
		return nil, err
	}
	return adviceoutcome.New(cfg, adviceoutcome.Deps{
		Pool: p.Pool, Door: p.Door, Audit: p.Audit, Bus: p.Bus, Clock: p.Clock, Calendar: p.Calendar, Zone: p.Zone, Telemetry: p.Telemetry,
	})
}

func (h *Hub) workitems(_ context.Context, parts partsOf) (launch.Service, error) {
	var cfg workitems.Config
	p, err := parts("workitems", workitems.Schema())
	if err := errors.Join(err, h.settings(&cfg)); err != nil {
		return nil, err
	}
	return workitems.New(cfg, workitems.Deps{Pool: p.Pool, Bus: p.Bus, Clock: p.Clock, Zone: p.Zone, Telemetry: p.Telemetry, Audit: p.Audit})
}
