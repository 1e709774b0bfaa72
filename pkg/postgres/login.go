package postgres

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/fault"
)

const (
	// loginConns bounds the sessions of one role, so that a service that leaks
	// them leaves room for the others on a server of 200.
	loginConns = 60
	// minPassword is the length below which a password can be guessed; ours are
	// random and have 26 letters.
	minPassword = 16
	// scramRounds is PostgreSQL's own number.
	scramRounds = 4096
	scramSalt   = 16
)

// Login lets a schema's role, made by Migrate, log in with a password. Only the
// SCRAM verifier is sent, worked out here, so the password is in no log and no
// statistics of the server. The role's old password ends; sessions go on. A role
// that is more than a service may be is refused.
//
// Roles belong to the whole server: two hubs that share one must not both do this.
func Login(ctx context.Context, adminURL string, s Schema, password string) error {
	if err := s.validate(); err != nil {
		return err
	}
	if len(password) < minPassword || strings.ContainsFunc(password, func(r rune) bool { return r <= ' ' || r > '~' }) {
		// Other letters would need the normalisation of RFC 4013 on both sides.
		return fault.New(fault.Invalid, "PASSWORD_INVALID", "the password of role %s needs %d or more visible ASCII letters", s.Role, minPassword)
	}
	verifier, err := scramVerifier(password)
	if err != nil {
		return err
	}
	cfg, err := pgx.ParseConfig(adminURL)
	if err != nil {
		return parseFailed()
	}
	cfg.ConnectTimeout = connectTimeout
	cfg.RuntimeParams["application_name"] = "login"
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return Classify(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return Classify(pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if err := plain(ctx, tx, s.Role); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, fmt.Sprintf("ALTER ROLE %s LOGIN PASSWORD '%s' CONNECTION LIMIT %d", quote(s.Role), verifier, loginConns))
		return err
	}))
}

// plain refuses a role that could step over the walls.
func plain(ctx context.Context, tx pgx.Tx, role string) error {
	var mighty bool
	if err := tx.QueryRow(ctx, "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication FROM pg_roles WHERE rolname = $1", role).Scan(&mighty); err != nil {
		return err
	}
	if mighty {
		return fault.New(fault.Precondition, "ROLE_TOO_MIGHTY", "role %s is a superuser, exempt from row security, or may make roles, databases or replicas", role).
			WithHelp("A service's role must be plain: ALTER ROLE … NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION.")
	}
	return nil
}

// scramVerifier is what PostgreSQL keeps of a password (RFC 5803).
func scramVerifier(password string) (string, error) {
	salt := make([]byte, scramSalt)
	_, _ = rand.Read(salt) // never fails
	salted, err := pbkdf2.Key(sha256.New, password, salt, scramRounds, sha256.Size)
	if err != nil {
		return "", err
	}
	keyed := func(what string) []byte {
		mac := hmac.New(sha256.New, salted)
		mac.Write([]byte(what))
		return mac.Sum(nil)
	}
	stored := sha256.Sum256(keyed("Client Key"))
	text := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", scramRounds, text(salt), text(stored[:]), text(keyed("Server Key"))), nil
}

// URLFor is address with another login: the same server, database and settings,
// whether it is a URL or a list of keywords and values.
func URLFor(address, role, password string) (string, error) {
	if !isURL(address) {
		if _, err := pgx.ParseConfig(address); err != nil {
			return "", parseFailed()
		}
		value := func(v string) string { return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(v) + "'" }
		return strings.TrimSpace(address + " user=" + value(role) + " password=" + value(password)), nil // the last one counts
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", parseFailed()
	}
	u.User = url.UserPassword(role, password)
	q := u.Query()
	for _, name := range []string{"user", "password", "passfile", "role"} {
		q.Del(name)
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}
