// Package store holds all SQL of automatic processing: submissions, decisions,
// the queue, the notice register, withdrawals and disclosures.
//
// It guarantees that every function works inside the caller's transaction where
// it takes one, that rows are locked in one order (customer anchors by CRN, then
// the submission), and that what the schema declares append-only is only added
// to. It knows no rule: it stores what it is given, and the constraints of the
// schema are the last word. Errors come as PostgreSQL gives them; callers
// classify them.
package store

import (
	"embed"
	"io/fs"
	"time"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/proto/term"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is where automatic processing keeps its data.
func Schema() postgres.Schema {
	root, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the directory is part of the program
	}
	return postgres.Schema{Name: "autoprocessing", Role: "noticehub_autoprocessing", Migrations: root, With: []postgres.Schema{audit.Schema()}}
}

// noDay travels for "no date" in integer arrays; dates travel as days since
// 1970-01-01, which pgx encodes faster than anything else.
const noDay = -2_000_000_000

func day(d *calendar.Date) int32 {
	if d == nil {
		return noDay
	}
	return int32(*d)
}

func dayOf(n *int32) *calendar.Date {
	if n == nil {
		return nil
	}
	d := calendar.Date(*n)
	return &d
}

// raw gives ids the type pgx encodes without reflection.
func raw(ids []clock.ID) [][16]byte {
	out := make([][16]byte, len(ids))
	for i, id := range ids {
		out[i] = id
	}
	return out
}

func numbers(reasons []term.Reason) []int16 {
	out := make([]int16, len(reasons))
	for i, r := range reasons {
		out[i] = int16(r)
	}
	return out
}

func reasonsOf(numbers []int16) []term.Reason {
	if len(numbers) == 0 {
		return nil
	}
	out := make([]term.Reason, len(numbers))
	for i, n := range numbers {
		out[i] = term.Reason(n)
	}
	return out
}

func timeOrZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
