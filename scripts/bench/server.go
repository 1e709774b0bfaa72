package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/postgres"
)

// server is the PostgreSQL server everything is measured on. It notes when each
// transaction was committed, so that latencies end at the commit and not at
// somebody's next look.
type server struct {
	local  *postgres.Local
	admin  string
	dir    string
	number int
}

func startServer(ctx context.Context, s settings) (*server, error) {
	dir, err := os.MkdirTemp("", "noticehub-bench-")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // PostgreSQL's own user must be able to pass through
		return nil, err
	}
	set := map[string]string{"track_commit_timestamp": "on", "max_wal_size": "4GB", "max_connections": "300"}
	if s.profile != "" {
		set["shared_preload_libraries"] = "pg_stat_statements"
	}
	local, err := postgres.StartLocal(ctx, postgres.LocalOptions{Dir: filepath.Join(dir, "postgres"), Log: slog.New(slog.DiscardHandler), Settings: set})
	if err != nil {
		return nil, err
	}
	return &server{local: local, admin: local.URL(), dir: dir}, nil
}

func (s *server) stop() {
	_ = s.local.Stop(context.Background()) // the directory goes anyway
	_ = os.RemoveAll(s.dir)
}

// database makes an empty database and returns its URL.
func (s *server) database(ctx context.Context) (string, func(), error) {
	conn, err := pgx.Connect(ctx, s.admin)
	if err != nil {
		return "", nil, err
	}
	defer conn.Close(ctx)
	s.number++
	name := fmt.Sprintf("bench_%d", s.number)
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		return "", nil, err
	}
	if _, err := conn.Exec(ctx, "CHECKPOINT"); err != nil { // nobody pays for the last one's pages
		return "", nil, err
	}
	u, err := url.Parse(s.admin)
	if err != nil {
		return "", nil, err
	}
	u.Path = "/" + name
	drop := func() {
		conn, err := pgx.Connect(context.Background(), s.admin)
		if err == nil {
			_, err = conn.Exec(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)")
			conn.Close(context.Background())
		}
		if err != nil {
			say("drop %s: %v", name, err)
		}
	}
	return u.String(), drop, nil
}

func pool(ctx context.Context, url string, conns int32) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.MaxConns = conns
	return pgxpool.NewWithConfig(ctx, config)
}

// peerTables are what every peer writes: the submission as the hub's intake
// keeps it (same columns, same indexes), the decision with its trace, the outcome.
const peerTables = `
CREATE TABLE submission (
	authority_id text NOT NULL, id uuid NOT NULL, reference text NOT NULL, information_type smallint NOT NULL,
	crn text, lane bigint, case_worker text NOT NULL, lodged_at timestamptz NOT NULL, earliest_report_date date NOT NULL,
	content_hash bytea NOT NULL, payload bytea NOT NULL,
	PRIMARY KEY (authority_id, id), UNIQUE (authority_id, reference), UNIQUE (crn, lane));
CREATE TABLE decision (
	submission_id uuid PRIMARY KEY, number int NOT NULL, policy_version text NOT NULL, decided_at timestamptz NOT NULL,
	facts bytea NOT NULL, verdicts bytea NOT NULL, outcome smallint NOT NULL);
CREATE TABLE outcome (
	submission_id uuid PRIMARY KEY, authority_id text NOT NULL, reference text NOT NULL, outcome smallint NOT NULL,
	crn text NOT NULL, lodged_at timestamptz NOT NULL, decided_at timestamptz NOT NULL, report_date date NOT NULL);
`

func createPeerTables(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, peerTables)
	return err
}
