package postgres

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/fault"
)

// keyword finds a password, or a file with one, in a list of keywords and values.
var keyword = regexp.MustCompile(`(^|\s)(password|passfile|sslpassword)\s*=`)

// tlsFiles are the parameters of a URL that name files for TLS.
var tlsFiles = []string{"sslrootcert", "sslcert", "sslkey"}

// CheckSecret refuses a URL that holds a password, or names a file of passwords
// whose mode nobody checks: URLs stand in settings files and in the environment,
// which more people read than should know a password. See Options.Password.
func CheckSecret(address string) error {
	found := keyword.MatchString(address)
	if isURL(address) {
		u, err := url.Parse(address)
		if err != nil {
			return parseFailed()
		}
		_, found = u.User.Password()
		for _, name := range []string{"password", "passfile", "sslpassword"} {
			found = found || u.Query().Has(name)
		}
	}
	if found {
		return fault.New(fault.Precondition, "DATABASE_PASSWORD_OPEN", "a password is part of the database URL, or a file of passwords is").
			WithHelp("Put the password alone into a file of its own.")
	}
	return nil
}

// WithPassword is address with the password of the user it names.
func WithPassword(address, password string) (string, error) {
	cfg, err := pgx.ParseConfig(address)
	if err != nil {
		return "", parseFailed()
	}
	return URLFor(address, cfg.User, password)
}

// Files are the files for TLS that a URL names, by parameter; sslkey holds a secret.
func Files(address string) map[string]string {
	u, err := url.Parse(address)
	if err != nil || !isURL(address) {
		return nil
	}
	found := map[string]string{}
	for _, name := range tlsFiles {
		if path := u.Query().Get(name); path != "" {
			found[name] = path
		}
	}
	return found
}

// withoutFiles is a URL that can be understood where its files are not.
func withoutFiles(address string) string {
	u, err := url.Parse(address)
	if err != nil || !isURL(address) {
		return address
	}
	q := u.Query()
	for _, name := range tlsFiles {
		q.Del(name)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

func isURL(address string) bool {
	return strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://")
}

// ask makes every new connection of a pool ask for the password.
func (o Options) ask(cfg *pgxpool.Config) {
	if o.Password == nil {
		return
	}
	cfg.BeforeConnect = func(_ context.Context, c *pgx.ConnConfig) (err error) {
		if c.Password, err = o.Password(); err != nil {
			return fmt.Errorf("password of the database: %w", err)
		}
		return nil
	}
}
