package postgres

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/puddle/v2"
	"github.com/noticehub/noticehub/pkg/fault"
)

// retryAfter is what callers are told when the database is out of reach: a
// local restart with crash recovery usually takes about that long.
const retryAfter = time.Second

// SQLSTATE codes this package acts on; see PostgreSQL's appendix A.
const (
	codeUnique        = "23505"
	codeExclusion     = "23P01"
	codeSerialization = "40001"
	codeDeadlock      = "40P01"
	codeStarting      = "57P03"
)

// Classify gives errors of PostgreSQL, pgx and the network their fault kind.
// Errors that have a fault kind, context errors, and errors that tell the caller
// about its data (constraints, missing rows, syntax) come back unchanged.
//
//	connection trouble, 08xxx, 53xxx, 57P0x, 58xxx, 55P03, 25P03, 25006, 40003  Unavailable
//	40001, 40P01                                                               Conflict
//	57014 (statement_timeout)                                                  Deadline
func Classify(err error) error {
	var f *fault.Error
	if err == nil || errors.As(err, &f) {
		return err
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return classifyCode(pg.Code, err)
	}
	var connect *pgconn.ConnectError
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &connect):
		return unavailable(err) // also when the dial's own time limit ran out
	case errors.Is(err, context.DeadlineExceeded):
		return err
	case disconnected(err):
		return unavailable(err)
	}
	return err
}

func classifyCode(code string, err error) error {
	switch code {
	case codeSerialization, codeDeadlock:
		return fault.New(fault.Conflict, "CONCURRENT_UPDATE", "somebody else changed the same rows at the same time").Wrap(err)
	case "57014":
		return fault.New(fault.Deadline, "STATEMENT_TIMEOUT", "the database took too long for a statement").Wrap(err)
	case "55P03":
		return fault.New(fault.Unavailable, "LOCK_TIMEOUT", "rows stayed locked by somebody else").WithRetry(retryAfter).Wrap(err)
	case "25P03", // a transaction of ours sat idle too long; the session is gone
		"25006", // we reached a standby: a failover is under way
		"40003": // statement completion unknown
		return unavailable(err)
	}
	if len(code) != 5 {
		return err
	}
	switch {
	case code[:2] == "08", code[:2] == "53", code[:2] == "58", code[:3] == "57P":
		return unavailable(err)
	}
	return err
}

func unavailable(err error) error {
	return fault.New(fault.Unavailable, "DATABASE_UNAVAILABLE", "the database is out of reach").WithRetry(retryAfter).Wrap(err)
}

// disconnected reports whether err means the connection is gone or was never
// there. Context errors must be excluded before: they look like net.Error.
func disconnected(err error) bool {
	var network net.Error
	return errors.As(err, &network) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, pgconn.ErrConnClosed) ||
		errors.Is(err, puddle.ErrClosedPool) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// IsUnique reports whether err says that a row with the same key exists.
// constraint is the name of the unique constraint or index; "" means any.
func IsUnique(err error, constraint string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == codeUnique && (constraint == "" || pg.ConstraintName == constraint)
}

// IsExclusion reports whether err says that an exclusion constraint forbids the
// row, such as two periods that overlap.
func IsExclusion(err error) bool { return hasCode(err, codeExclusion) }

func hasCode(err error, codes ...string) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	for _, code := range codes {
		if pg.Code == code {
			return true
		}
	}
	return false
}
