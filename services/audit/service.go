// Package audit turns the audit records of all services into one log that shows
// every alteration, and lets auditors read it.
//
// Duty: give every record its place in the log, sign checkpoints of it, find
// entries, prove them and export them.
//
// Guarantees: an entry is under a signed checkpoint within a second or two of its
// transaction, as long as the service runs; any number of replicas may run; the
// service can neither change nor remove a record or anything of the log.
//
// Not guaranteed: that a record written while no replica runs is signed before one
// does. Records wait for it in the same transaction as what they tell of.
package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/audit/ledger"
	"github.com/noticehub/noticehub/pkg/audit/tree"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/telemetry"
	"github.com/noticehub/noticehub/services/audit/internal/api"
	"github.com/noticehub/noticehub/services/audit/internal/store"
)

// Deps are what the service runs on; all are required.
type Deps struct {
	// Pool is opened for Schema; it needs at least 3 connections.
	Pool *pgxpool.Pool
	// Audit names customers as all services do.
	Audit *audit.Writer
	// Telemetry of the service.
	Telemetry *telemetry.Telemetry
}

func (d Deps) validate() error {
	if d.Pool == nil || d.Audit == nil || d.Telemetry == nil {
		return errors.New("audit: pool, audit writer and telemetry are all required")
	}
	return nil
}

// Service keeps the audit log.
type Service struct {
	config    Config
	pool      *pgxpool.Pool
	key       *tree.Key
	sequencer *ledger.Sequencer
	api       *api.Server
}

// Schema is what the service owns in PostgreSQL; the records and the log.
func Schema() postgres.Schema { return audit.Schema() }

// New wires the service; it starts nothing.
func New(cfg Config, d Deps) (*Service, error) {
	if err := errors.Join(cfg.Validate(), d.validate()); err != nil {
		return nil, err
	}
	key, err := tree.OpenKey(cfg.LogKeyFile, cfg.CreateKeys)
	if err != nil {
		return nil, err
	}
	rows, err := store.New(d.Pool, key)
	if err != nil {
		return nil, err
	}
	return &Service{
		config: cfg, pool: d.Pool, key: key,
		sequencer: ledger.NewSequencer(d.Pool, key, ledger.Options{Every: cfg.AppendEvery, Log: d.Telemetry.Log, Metrics: d.Telemetry.Metrics}),
		api:       api.New(rows, d.Audit.Customer),
	}, nil
}

// PublicKey is the key others check the log with.
func (s *Service) PublicKey() string { return s.key.Public }

// Register adds the auditors' API.
func (s *Service) Register(r grpc.ServiceRegistrar) { s.api.Register(r) }

// Methods says who may call what.
func (s *Service) Methods() identity.Table { return api.Methods() }

// Ready reports a database that is out of reach, or a log that does not grow.
func (s *Service) Ready(ctx context.Context) error {
	_, oldest, err := ledger.Backlog(ctx, s.pool)
	if err != nil {
		return postgres.Classify(err)
	}
	if oldest > s.config.StaleAfter {
		return fault.New(fault.Unavailable, "AUDIT_LOG_BEHIND", "%s", fmt.Sprintf("a record has waited for its place in the audit log for %v", oldest.Round(time.Second)))
	}
	return nil
}

// Run appends records to the log until ctx ends.
func (s *Service) Run(ctx context.Context) error { return s.sequencer.Run(ctx) }
