package inbox

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/redact"
)

// Causes begin with one of these words, so that Requeue can choose.
const (
	causeFailed      = "failed: "
	causeRefused     = "refused: "
	causeUndecodable = "undecodable: "
	causeBehind      = "behind an event of the same key"
	causeNotItsTurn  = "not its turn"
)

const maxCause = 400

// panicked is a panic of the service's code, as an error.
type panicked struct{ what, stack string }

func (p *panicked) Error() string { return "panic: " + p.what }

// recovered turns a panic into an error; defer it with the error's address. The
// value is told only if it is the runtime's, as others may hold personal data.
func recovered(err *error) {
	switch v := recover().(type) {
	case nil:
	case runtime.Error:
		*err = &panicked{v.Error(), string(debug.Stack())}
	default:
		*err = &panicked{fmt.Sprintf("a value of type %T", v), string(debug.Stack())}
	}
}

// describe tells an error without values out of events: those of PostgreSQL
// quote them, and causes of faults are not meant to be shown.
func describe(err error) string {
	var pg *pgconn.PgError
	var f *fault.Error
	var text string
	switch {
	case err == nil:
		return ""
	case errors.As(err, &pg):
		text = "SQLSTATE " + pg.Code
		if pg.ConstraintName != "" {
			text += " constraint " + pg.ConstraintName
		}
		if pg.TableName != "" {
			text += " table " + pg.TableName
		}
		if pg.Where != "" && strings.HasPrefix(pg.Code, "P") {
			text += " in a function"
		}
	case errors.As(err, &f):
		text = redact.Text(f.Reason + ": " + f.Message)
	default:
		text = redact.Error(err)
	}
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "")
	if len(text) > maxCause {
		text = strings.ToValidUTF8(text[:maxCause], "") + "…"
	}
	return text
}
