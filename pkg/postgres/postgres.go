// Package postgres connects the services to PostgreSQL (15 or later), the only
// truth of the hub.
//
// Duty: open pools that act as a service's own role in its own schema (Open),
// bring schemas up to date (Migrate), run transactions (InTx), name what went
// wrong (Classify), and run a server of our own from installed binaries
// (StartLocal).
//
// Guarantees: a service's pool cannot write outside what Migrate granted to its
// role, which is never a superuser, an owner or exempt from row security.
// InTx either reports the outcome of COMMIT or says that it is unknown; it
// never repeats a transaction whose COMMIT may have succeeded. A local server
// never outlives its launcher, never shares its directory with another launcher
// and keeps fsync, full_page_writes and synchronous_commit on unless told.
//
// Not guaranteed: SET ROLE is a seat belt, not a wall, when the URL belongs to a
// superuser (SET ROLE NONE undoes it); where that matters give services the
// role's own login (Login, URLFor) and have it checked (CheckLogin). Only the context bounds a call
// on a network that swallows packets: give every call a deadline.
package postgres

import (
	"fmt"
	"io/fs"
	"log/slog"
	"regexp"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/noticehub/noticehub/pkg/fault"
)

// Schema is what one service owns in the database.
type Schema struct {
	// Name of the schema; lower case, digits and underscores.
	Name string
	// Role the service acts as; made by Migrate without login or privileges
	// outside the schema.
	Role string
	// Migrations holds goose files (0001_what.sql …) in its root. Unqualified
	// names in them mean this schema. May be nil: no tables.
	Migrations fs.FS
	// Writers is a role made with the schema, for other schemas' services that
	// write here what the migrations grant to it; "" when there are none.
	Writers string
	// With are schemas this one's service writes to: they are made first, and Role
	// becomes a member of their Writers.
	With []Schema
	// Open are tables of the schema with a column authority_id that need no row
	// security, since nothing an authority may not know is in them, or no authority
	// is answered from them; CheckWalls leaves them out.
	Open []string
}

// identifier is what Name and Role may be: names that need no thought about
// quoting in tools, within PostgreSQL's 63 bytes.
var identifier = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

func (s Schema) validate() error {
	if !identifier.MatchString(s.Name) || !identifier.MatchString(s.Role) {
		return fault.New(fault.Invalid, "SCHEMA_INVALID",
			"schema %q with role %q: both must be lower-case names of at most 63 letters, digits and underscores", s.Name, s.Role)
	}
	if s.Writers != "" && !identifier.MatchString(s.Writers) {
		return fault.New(fault.Invalid, "SCHEMA_INVALID", "schema %q: its writers' role %q is not a name of a role", s.Name, s.Writers)
	}
	for _, w := range s.With {
		if err := w.validate(); err != nil {
			return err
		}
	}
	return nil
}

// closure lists the schemas with those they need, each once, needed ones first.
func closure(schemas []Schema) []Schema {
	var all []Schema
	var add func(list []Schema)
	add = func(list []Schema) {
		for _, s := range list {
			add(s.With)
			if !slices.ContainsFunc(all, func(known Schema) bool { return known.Name == s.Name }) {
				all = append(all, s)
			}
		}
	}
	add(schemas)
	return all
}

// searchPath finds the schema's own tables first and the extensions' functions
// and operators, which live in public, second.
func (s Schema) searchPath() string {
	return quote(s.Name) + ", public"
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

// logger lets every function take a nil logger.
func logger(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return log
}

// parseFailed hides the URL, which may hold a password.
func parseFailed() error {
	return fault.New(fault.Invalid, "DATABASE_URL_INVALID", "the database URL cannot be read").
		WithHelp(fmt.Sprintf("write it as %s", "postgres://user:password@host:5432/database"))
}
