package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/noticehub/noticehub/pkg/fault"
)

// Options of a pool; the zero value is sensible.
type Options struct {
	// MaxConns bounds the connections; 0 means 10.
	MaxConns int32
	// StatementTimeout ends statements that run longer; 0 means 30 s, negative
	// means never.
	StatementTimeout time.Duration
	// LockTimeout ends statements that wait longer for one lock; 0 means 5 s,
	// negative means never.
	LockTimeout time.Duration
	// IdleInTx ends sessions that keep a transaction open without using it, so
	// that a stopped process gives its locks back; 0 means 1 min, negative
	// means never.
	IdleInTx time.Duration
	// Tracer sees every query; may be nil.
	Tracer pgx.QueryTracer
	// ApplicationName shows in pg_stat_activity; "" means the role.
	ApplicationName string
	// Password gives the password for the next connection, instead of one in the
	// URL: it is asked each time, so that a changed one counts without a restart.
	Password func() (string, error)
	// Scope of the sessions: whose rows of tables with row security they may
	// touch where a transaction does not say (InScope). "" is nobody's, Everything
	// is for a service's own work.
	Scope string
}

const (
	defaultMaxConns  = 10
	defaultStatement = 30 * time.Second
	defaultLock      = 5 * time.Second
	defaultIdleInTx  = time.Minute
	// connectTimeout bounds one attempt to connect, so that a black hole shows
	// as trouble of the network and not as the caller's deadline.
	connectTimeout = 5 * time.Second
	// openTime bounds the wait for a server when the context has no deadline.
	openTime = time.Minute
	// idleTime gives connections back that a burst opened.
	idleTime = 5 * time.Minute
	// waitPause is between attempts to reach a server that is not ready.
	waitPause = 100 * time.Millisecond
)

// Open makes a pool whose sessions act as s.Role in s.Name: url belongs to that
// role (see Login) or to one that may take it by SET ROLE. Connections are made
// when needed; Open itself makes one and waits for the server, while it is
// starting or out of reach, until ctx ends (1 min if ctx has no deadline):
// Unavailable then. Refused passwords, unknown databases and roles fail at once.
//
// Sessions run with time zone UTC, READ COMMITTED, jit off, and the limits of o;
// synchronous_commit is left to the server.
func Open(ctx context.Context, url string, s Schema, o Options) (*pgxpool.Pool, error) {
	if err := s.validate(); err != nil {
		return nil, err
	}
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, parseFailed()
	}
	o.apply(cfg, s)
	o.ask(cfg)
	pool, err := pgxpool.NewWithConfig(context.WithoutCancel(ctx), cfg)
	if err != nil {
		return nil, Classify(err)
	}
	if err := waitFor(ctx, pool.Ping); err != nil {
		pool.Close()
		if hasCode(err, "22023") { // invalid_parameter_value: the role is missing
			return nil, fault.New(fault.Precondition, "SCHEMA_MISSING", "role %s does not exist in the database", s.Role).
				WithHelp("Run the migrations first.").Wrap(err)
		}
		return nil, err
	}
	return pool, nil
}

func (o Options) apply(cfg *pgxpool.Config, s Schema) {
	cfg.MaxConns = o.MaxConns
	if cfg.MaxConns <= 0 {
		cfg.MaxConns = defaultMaxConns
	}
	cfg.MaxConnIdleTime = idleTime
	cfg.ConnConfig.ConnectTimeout = connectTimeout
	if o.Tracer != nil {
		cfg.ConnConfig.Tracer = o.Tracer
	}
	name := o.ApplicationName
	if name == "" {
		name = s.Role
	}
	p := cfg.ConnConfig.RuntimeParams
	p["application_name"] = name
	if delete(p, "role"); cfg.ConnConfig.User != s.Role { // a login of its own needs no other hat
		p["role"] = s.Role
	}
	p["search_path"] = s.searchPath()
	p["statement_timeout"] = milliseconds(o.StatementTimeout, defaultStatement)
	p["lock_timeout"] = milliseconds(o.LockTimeout, defaultLock)
	p["idle_in_transaction_session_timeout"] = milliseconds(o.IdleInTx, defaultIdleInTx)
	p["default_transaction_isolation"] = "read committed"
	p["timezone"] = "UTC"
	p["jit"] = "off"
	p[scopeSetting] = o.Scope
}

// milliseconds as PostgreSQL's settings want them; 0 is "never" there.
func milliseconds(d, standard time.Duration) string {
	switch {
	case d == 0:
		d = standard
	case d < 0:
		return "0"
	}
	return strconv.FormatInt(max(1, d.Milliseconds()), 10)
}

// waitFor calls try until it succeeds, fails for good, or ctx (or openTime) ends.
func waitFor(ctx context.Context, try func(context.Context) error) error {
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, openTime)
		defer cancel()
	}
	pause := time.NewTicker(waitPause)
	defer pause.Stop()
	var last error
	for {
		err := Classify(try(ctx))
		if err == nil {
			return nil
		}
		if over := ctx.Err(); over != nil {
			return gaveUp(over, last, err)
		}
		if !fault.Is(err, fault.Unavailable) {
			return err
		}
		last = err
		select {
		case <-pause.C:
		case <-ctx.Done():
			return gaveUp(ctx.Err(), last, err)
		}
	}
}

// gaveUp names the last trouble of the server rather than the passing of time.
func gaveUp(over, last, err error) error {
	if last == nil {
		last = err
	}
	if errors.Is(over, context.Canceled) {
		return fmt.Errorf("gave up waiting for the database: %w", over)
	}
	return fault.New(fault.Unavailable, "DATABASE_UNAVAILABLE", "the database did not become ready in time").
		WithRetry(retryAfter).Wrap(last)
}
