package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"hash/crc32"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

const (
	// setupLock serialises the making of schemas, roles and rights in one database.
	// Any number does that nobody else uses.
	setupLock = 0x4e485047
	// versionTable keeps what was applied, inside the schema.
	versionTable = "goose_db_version"
	// migrationLockTimeout keeps a migration from queueing in front of everybody
	// else on a busy table; it fails instead and can be started again.
	migrationLockTimeout = "5s"
	// lockTries, one a second, is how long a process waits for another one that
	// migrates the same schema.
	lockTries = 600
)

// Migrate makes each schema, its role and the extensions btree_gist and pg_trgm
// where they are missing, and applies the migrations that are not yet applied.
// It waits for the server like Open and is safe when several processes start at
// once. A migration that fails or is killed leaves no trace and is applied again
// next time. Migrations known to the database but not to s are left alone, so a
// service can be rolled back.
//
// adminURL must belong to a superuser or to an owner of the database with
// CREATEROLE. The role gets SELECT, INSERT, UPDATE and DELETE on tables and the
// use of sequences made by later migrations; a migration may take some back. From
// everybody else Migrate takes what PostgreSQL gives by default: connecting,
// temporary tables, objects in schema public, large objects.
func Migrate(ctx context.Context, adminURL string, log *slog.Logger, schemas ...Schema) error {
	for _, s := range schemas {
		if err := s.validate(); err != nil {
			return err
		}
	}
	schemas = closure(schemas)
	cfg, err := pgx.ParseConfig(adminURL)
	if err != nil {
		return parseFailed()
	}
	cfg.ConnectTimeout = connectTimeout
	cfg.RuntimeParams["application_name"] = "migrate"
	cfg.RuntimeParams["lock_timeout"] = migrationLockTimeout
	cfg.RuntimeParams["statement_timeout"] = "0"
	cfg.RuntimeParams["timezone"] = "UTC"
	if err := setup(ctx, cfg, schemas); err != nil {
		return Classify(err)
	}
	for _, s := range schemas {
		if s.Migrations == nil {
			continue
		}
		if err := apply(ctx, cfg, logger(log), s); err != nil {
			return Classify(fmt.Errorf("migrate schema %s: %w", s.Name, err))
		}
	}
	return nil
}

// setup makes extensions, roles and schemas in one transaction.
func setup(ctx context.Context, cfg *pgx.ConnConfig, schemas []Schema) error {
	var conn *pgx.Conn
	err := waitFor(ctx, func(ctx context.Context) (err error) {
		conn, err = pgx.ConnectConfig(ctx, cfg)
		return err
	})
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		// Waiting for the others is not waiting for a table: no limit but ctx's.
		if _, err := tx.Exec(ctx, fmt.Sprintf("SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(%d); SET LOCAL lock_timeout = '%s'", setupLock, migrationLockTimeout)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public; CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public"); err != nil {
			return err
		}
		if err := closeDatabase(ctx, tx); err != nil {
			return err
		}
		for _, s := range schemas {
			if err := setupSchema(ctx, tx, s); err != nil {
				return fmt.Errorf("schema %s: %w", s.Name, err)
			}
		}
		return nil
	})
}

func setupSchema(ctx context.Context, tx pgx.Tx, s Schema) error {
	schema, role := quote(s.Name), quote(s.Role)
	for _, name := range []string{s.Role, s.Writers} {
		if err := makeRole(ctx, tx, name); err != nil {
			return err
		}
	}
	if err := plain(ctx, tx, s.Role); err != nil {
		return err
	}
	if err := admit(ctx, tx, s); err != nil {
		return err
	}
	var member bool
	if err := tx.QueryRow(ctx, "SELECT pg_has_role(current_user, oid, 'MEMBER') FROM pg_roles WHERE rolname = $1", s.Role).Scan(&member); err != nil {
		return err
	}
	if !member {
		if _, err := tx.Exec(ctx, "GRANT "+role+" TO CURRENT_USER"); err != nil {
			return err
		}
	}
	for _, w := range s.With {
		if w.Writers == "" {
			continue
		}
		if _, err := tx.Exec(ctx, "GRANT "+quote(w.Writers)+" TO "+role); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, fmt.Sprintf(`
		CREATE SCHEMA IF NOT EXISTS %[1]s;
		GRANT USAGE ON SCHEMA %[1]s TO %[2]s;
		ALTER DEFAULT PRIVILEGES IN SCHEMA %[1]s GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %[2]s;
		ALTER DEFAULT PRIVILEGES IN SCHEMA %[1]s GRANT USAGE, SELECT ON SEQUENCES TO %[2]s`, schema, role))
	return err
}

// makeRole makes a plain role where it is missing. Roles belong to the whole
// server: another database's migration may make the same one right now.
func makeRole(ctx context.Context, tx pgx.Tx, name string) error {
	if name == "" {
		return nil
	}
	_, err := tx.Exec(ctx, fmt.Sprintf(`DO $$ BEGIN
		IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '%s') THEN
			CREATE ROLE %s NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
		END IF;
	EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
	END $$`, name, quote(name)))
	return err
}

// apply runs goose for one schema. The session lock is taken by polling, so that
// one waiting process cannot block another one's CREATE INDEX CONCURRENTLY.
func apply(ctx context.Context, cfg *pgx.ConnConfig, log *slog.Logger, s Schema) error {
	if files, err := fs.Glob(s.Migrations, "*.sql"); err != nil || len(files) == 0 {
		return fault.New(fault.Invalid, "MIGRATIONS_MISSING", "no *.sql files in the root of its migrations")
	}
	own := cfg.Copy()
	own.RuntimeParams["search_path"] = s.searchPath()
	db := stdlib.OpenDB(*own)
	defer func() { _ = db.Close() }()
	locker, err := lock.NewPostgresSessionLocker(
		lock.WithLockID(int64(crc32.ChecksumIEEE([]byte("goose "+s.Name)))),
		lock.WithLockTimeout(1, lockTries))
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, s.Migrations,
		goose.WithTableName(s.Name+"."+versionTable), goose.WithSessionLocker(locker),
		goose.WithDisableGlobalRegistry(true), goose.WithSlog(log))
	if err != nil {
		return err
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return err
	}
	for _, r := range results {
		log.InfoContext(ctx, "migration applied", "schema", s.Name, "file", r.Source.Path, "took", r.Duration)
	}
	return protectVersions(ctx, db, s)
}

// protectVersions takes goose's own table back from the service's role. Processes
// that start at once do it one after the other: two changes of one table's rights
// at the same time are an error to PostgreSQL.
func protectVersions(ctx context.Context, db *sql.DB, s Schema) error {
	table := quote(s.Name) + "." + versionTable
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, "SET LOCAL lock_timeout = 0"); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", setupLock); err != nil {
		return err
	}
	var writable bool
	if err := tx.QueryRowContext(ctx, "SELECT has_table_privilege($1, $2, 'INSERT, UPDATE, DELETE')", s.Role, table).Scan(&writable); err != nil || !writable {
		return err
	}
	if _, err := tx.ExecContext(ctx, "REVOKE INSERT, UPDATE, DELETE ON "+table+" FROM "+quote(s.Role)); err != nil {
		return err
	}
	return tx.Commit()
}
