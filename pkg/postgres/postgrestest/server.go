package postgrestest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/noticehub/noticehub/pkg/postgres"
)

// server is the one of this test process.
type server struct {
	local *postgres.Local
	admin *pgxpool.Pool
	room  *room

	mu        sync.Mutex
	templates map[string]string // schema set → database
	passwords map[string]string // role → password, where Login made one
}

var one struct {
	sync.Mutex
	server *server
	err    error
}

// start returns the server, starting it the first time.
func start(ctx context.Context) (*server, error) {
	one.Lock()
	defer one.Unlock()
	if one.server == nil && one.err == nil {
		one.server, one.err = launch(ctx)
	}
	return one.server, one.err
}

func launch(ctx context.Context) (_ *server, err error) {
	r, err := newRoom()
	if err != nil {
		return nil, err
	}
	s := &server{room: r, templates: make(map[string]string), passwords: make(map[string]string)}
	defer func() {
		if err != nil {
			s.stop()
		}
	}()
	s.local, err = postgres.StartLocal(ctx, postgres.LocalOptions{
		Dir: filepath.Join(r.dir, "pg"), NoSync: true,
		Settings: map[string]string{
			"max_connections": "300", // many pools at once in tests of the whole system
			"shared_buffers":  "128MB",
			"wal_level":       "minimal", "max_wal_senders": "0",
			"max_wal_size": "256MB", "min_wal_size": "64MB",
			"autovacuum_naptime": "1min",
		},
	})
	if err != nil {
		return nil, err
	}
	s.admin, err = pgxpool.New(ctx, s.local.URL()+"&pool_max_conns=4&application_name=postgrestest")
	return s, err
}

// stop ends the server, if any; nothing is worth a checkpoint.
func stop() {
	one.Lock()
	defer one.Unlock()
	if one.server != nil {
		one.server.stop()
		one.server = nil
	}
}

func (s *server) stop() {
	if s.admin != nil {
		s.admin.Close()
	}
	if s.local != nil {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // no patience
		_ = s.local.Stop(ctx)
	}
	s.room.close()
}

// template returns the migrated database for a set of schemas, making it the
// first time.
func (s *server) template(ctx context.Context, schemas []postgres.Schema) (string, error) {
	if len(schemas) == 0 {
		return "template1", nil
	}
	key, err := fingerprint(schemas)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if name, ok := s.templates[key]; ok {
		return name, nil
	}
	name := "template_" + key
	quoted := pgx.Identifier{name}.Sanitize()
	// A template that could not be finished is made anew by the next test.
	if _, err := s.admin.Exec(ctx, "DROP DATABASE IF EXISTS "+quoted+" WITH (FORCE)"); err != nil {
		return "", err
	}
	if _, err := s.admin.Exec(ctx, create(name, "template1")); err != nil {
		return "", err
	}
	if err := postgres.Migrate(ctx, s.url(name), nil, schemas...); err != nil {
		return "", err
	}
	// Closed to everybody, or a session in it would forbid cloning.
	if _, err := s.admin.Exec(ctx, "ALTER DATABASE "+quoted+" ALLOW_CONNECTIONS false"); err != nil {
		return "", err
	}
	s.templates[key] = name
	return name, nil
}

// fingerprint tells schema sets apart by all that shapes the database.
func fingerprint(schemas []postgres.Schema) (string, error) {
	sum := sha256.New()
	for _, s := range schemas {
		fmt.Fprintf(sum, "schema %q role %q\n", s.Name, s.Role)
		if s.Migrations == nil {
			continue
		}
		files, err := fs.Glob(s.Migrations, "*.sql")
		if err != nil {
			return "", err
		}
		for _, name := range files {
			text, err := fs.ReadFile(s.Migrations, name)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(sum, "file %q %d\n%s", name, len(text), text)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:8]), nil
}
