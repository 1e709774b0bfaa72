package adviceoutcome

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/store"
)

var tampering = []string{
	"UPDATE outcome SET note = 'other'",
	"DELETE FROM outcome",
	"TRUNCATE outcome",
	"UPDATE report SET sequence = sequence + 100",
	"UPDATE report SET lines = 0",
	"UPDATE report SET signature = signature",
	"UPDATE report SET sealed_at = NULL, lines = NULL, own_lines = NULL, pending = NULL, csv_digest = NULL, csv_size = NULL, json_digest = NULL, json_size = NULL, previous_digest = NULL, signature = NULL, key_id = NULL",
	"DELETE FROM report",
	"TRUNCATE report CASCADE",
	"UPDATE report_chunk SET content = '\\x00'",
	"DELETE FROM report_chunk",
	"TRUNCATE report_chunk",
	"INSERT INTO report_chunk SELECT report_id, authority_id, form, number + 1, content FROM report_chunk",
	"UPDATE redelivery SET reason = 'x'",
	"DELETE FROM redelivery",
	"TRUNCATE redelivery",
	"INSERT INTO redelivery SELECT gen_random_uuid(), 1, authority_id, 'of none', now(), 'x', 'x' FROM report",
	"UPDATE delivery SET delivered_at = now()",
	"DELETE FROM delivery",
	"TRUNCATE delivery",
	"UPDATE acknowledgement SET actor = 'x'",
	"DELETE FROM acknowledgement",
	"TRUNCATE acknowledgement",
	"UPDATE signing_key SET public_key = public_key",
	"DELETE FROM signing_key",
	"ALTER TABLE report_chunk DISABLE TRIGGER ALL",
	"DROP TRIGGER chunk_stays ON report_chunk",
	"SET session_replication_role = replica",
	"CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE sql AS ''",
}

func TestTamperingIsRefused(t *testing.T) {
	t.Parallel()
	url := postgrestest.URL(t, Schema())
	cal, err := calendar.Load()
	if err != nil {
		t.Fatal(err)
	}
	b := setupWith(t, local(3, 10, 0), url, cal, t.TempDir()+"/key.pem")
	b.authority("frc", term.QLD, "2026-11-04")
	b.record("frc", 3)
	b.clock.Set(local(4, 0, 0))
	b.sweep()
	r := b.reports("frc")[0]
	if _, err := b.store.Deliver(t.Context(), r, 1, "authority:frc", b.clock.Now(), nil); err != nil {
		t.Fatal(err)
	}
	if err := b.store.Acknowledge(t.Context(), r, r.CSV.Sum, "authority:frc", b.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if err := b.store.Redeliver(t.Context(), r.Head, store.Redelivery{ActionID: "again", Actor: "person:olga", Reason: "lost", At: b.clock.Now()}); err != nil {
		t.Fatal(err)
	}
	for _, sql := range tampering {
		if _, err := b.pool.Exec(t.Context(), sql); !forbidden(err) {
			t.Errorf("%s: %v", sql, err)
		}
	}
	// The owner is refused by trigger, as long as it leaves the triggers alone.
	owner, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = owner.Close(t.Context()) })
	if _, err := owner.Exec(t.Context(), "SET search_path = adviceoutcome"); err != nil {
		t.Fatal(err)
	}
	for _, sql := range tampering[:25] {
		if _, err := owner.Exec(t.Context(), sql); !forbidden(err) {
			t.Errorf("owner: %s: %v", sql, err)
		}
	}
	b.verify(b.reports("frc")...)
	for _, sql := range []string{
		"UPDATE outcome SET note = 'other' WHERE submission_id = (SELECT min(submission_id::text)::uuid FROM outcome)",
		"UPDATE report_chunk SET content = set_byte(content, 40, 120) WHERE form = 1",
		"INSERT INTO report_chunk SELECT report_id, authority_id, form, 1, content FROM report_chunk WHERE form = 2",
		"UPDATE report SET signature = set_byte(signature, 0, (get_byte(signature, 0) + 1) % 256)",
		"UPDATE report SET pending = pending + 1",
		"UPDATE report SET previous_digest = json_digest",
	} {
		damagedBy(t, b, owner, sql)
	}
	if err := b.sealer.Check(t.Context(), b.clock.Now()); err != nil {
		t.Errorf("after everything was put right: %v", err)
	}
}

// forbidden reports whether the database refused for want of privilege.
func forbidden(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "42501"
}

// damagedBy tampers as somebody who switched the triggers off and lets the check
// find it; what was done is put right afterwards.
func damagedBy(t *testing.T, b *bundle, owner *pgx.Conn, sql string) {
	t.Helper()
	ctx := t.Context()
	if _, err := owner.Exec(ctx, "CREATE TABLE IF NOT EXISTS kept_outcome AS SELECT * FROM outcome; CREATE TABLE IF NOT EXISTS kept_report AS SELECT * FROM report; CREATE TABLE IF NOT EXISTS kept_chunk AS SELECT * FROM report_chunk; SET session_replication_role = replica; "+sql); err != nil {
		t.Fatal(err)
	}
	err := b.sealer.Verify(ctx, b.reports("frc")[0])
	var f *fault.Error
	if !errors.As(err, &f) || f.Reason != "REPORT_DAMAGED" {
		t.Errorf("%s: the check says %v", sql, err)
	}
	if _, err := owner.Exec(ctx, `DELETE FROM outcome; INSERT INTO outcome SELECT * FROM kept_outcome;
		DELETE FROM report; INSERT INTO report SELECT * FROM kept_report;
		DELETE FROM report_chunk; INSERT INTO report_chunk SELECT * FROM kept_chunk; RESET session_replication_role`); err != nil {
		t.Fatal(err)
	}
}
