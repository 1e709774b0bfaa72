package autoprocessing_test

import (
	"context"
	"strings"
	"testing"

	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
)

// What must hold of lifts, the database holds by itself.
func TestTheDatabaseKeepsTwoPersonsAndTheTimeBox(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, s := w.hiddenCustomer(disclose)
	w.contacted(s, false)
	for what, sql := range map[string]string{
		"one person": `UPDATE access_case SET state = 3, version = 3, decider = requester, decided_at = now(), minutes = 60, until = now() + interval '60 minutes',
			customer_contacted_at = now(), customer_contact = 'by telephone'`,
		"a customer who does not know": `UPDATE access_case SET state = 3, version = 3, decider = 'rita', decided_at = now(), minutes = 60, until = now() + interval '60 minutes'`,
		"longer than eight hours": `UPDATE access_case SET state = 3, version = 3, decider = 'rita', decided_at = now(), minutes = 481, until = now() + interval '481 minutes',
			customer_contacted_at = now(), customer_contact = 'by telephone'`,
		"an end beyond the minutes": `UPDATE access_case SET state = 3, version = 3, decider = 'rita', decided_at = now(), minutes = 60, until = now() + interval '90 minutes',
			customer_contacted_at = now(), customer_contact = 'by telephone'`,
		"a case that begins lifted": `INSERT INTO access_case SELECT gen_random_uuid(), submission_id, authority_id, crn, 3, 1, requester, true, opened_at, 'rita', now(),
			NULL, '', 60, now() + interval '60 minutes', now() FROM access_case`,
		"a second open case":              "INSERT INTO access_case (id, submission_id, authority_id, crn, state, version, requester, customer_aware, opened_at) SELECT gen_random_uuid(), submission_id, authority_id, crn, 1, 1, 'bob', true, now() FROM access_case",
		"another requester":               "UPDATE access_case SET requester = 'eve', version = 3, state = 4, decider = 'rita', decided_at = now(), ended_at = now()",
		"a step without a reason":         "INSERT INTO access_step (case_id, step, actor, at, reason) SELECT id, 'viewed', 'officer:alice', now(), ' ' FROM access_case",
		"a history rewritten":             "UPDATE access_step SET reason = 'other'",
		"a history erased":                "DELETE FROM access_step",
		"a case erased":                   "DELETE FROM access_case",
		"a conflict taken back":           "DELETE FROM conflict",
		"a finish with an open case":      "UPDATE submission SET status = 4, outcome = 4, version = 4",
		"a case that ends two times":      "UPDATE access_case SET state = 7, version = 9, ended_at = now()",
		"a case that goes back a step":    "UPDATE access_case SET state = 1, version = 3",
		"a lift never granted reinstated": "UPDATE access_case SET state = 5, version = 3, ended_at = now()",
	} {
		if _, err := w.pool.Exec(context.Background(), sql); err == nil {
			t.Errorf("%s was taken", what)
		}
	}
}

func TestConnectionsWithoutAScopeSeeNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.registry.knows(someone(1))
	w.decide(w.lodgings.lodge(qldCP, disclose(p)), w.lodgings.lodge(ntCP, disclose(p)), w.lodgings.lodge(qldCP, commence(p, "2026-03-02", 3)), w.lodgings.lodge(ntCP, refer(p)))
	hidden := w.registry.knows(someone(2), restricted)
	s := w.lodgings.lodge(qldCP, disclose(hidden))
	w.decide(s)
	w.lifted(id(s))
	tables := one[[]string](w, "SELECT array_agg(tablename::text) FROM pg_tables WHERE schemaname = 'autoprocessing' AND tablename <> 'goose_db_version'")
	if unsafe := one[int64](w, `SELECT count(*) FROM pg_class WHERE relnamespace = 'autoprocessing'::regnamespace AND relkind = 'r' AND relname <> 'goose_db_version'
		AND NOT (relrowsecurity AND relforcerowsecurity)`); unsafe != 0 {
		t.Errorf("%d tables without row security", unsafe)
	}
	ctx := t.Context()
	count := func(scope, table string) (n int64) {
		t.Helper()
		pool := w.door
		if scope != "" {
			pool = w.scoped(t, scope)
			defer pool.Close()
		}
		if err := pool.QueryRow(ctx, "SELECT count(*) FROM "+table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, table := range tables {
		if n := count("", table); n != 0 {
			t.Errorf("without a scope %d rows of %s show", n, table)
		}
	}
	for table, want := range map[string]int64{"disclosure": 1, "submission": 0, "notice": 0, "access_case": 0, "decision": 0, "queue_entry": 0, "access_step": 0} {
		if n := count("qld-cp", table); n != want {
			t.Errorf("an authority's scope shows %d rows of %s, want %d", n, table, want)
		}
	}
	for _, sql := range []string{
		"INSERT INTO withdrawal VALUES ('qld-cp', 'x', now(), '', false)", "INSERT INTO customer_anchor VALUES ('111111111A')",
		"INSERT INTO disclosure SELECT gen_random_uuid(), 'frc', 'x', '', now()",
	} {
		if _, err := w.door.Exec(ctx, sql); err == nil || !strings.Contains(err.Error(), "row-level security") {
			t.Errorf("%s: %v", sql, err)
		}
	}
	if ct, err := w.door.Exec(ctx, "UPDATE submission SET since = now()"); err != nil || ct.RowsAffected() != 0 {
		t.Errorf("%d rows were changed without a scope, %v", ct.RowsAffected(), err)
	}
	got, err := w.disclosures.GetDisclosure(asAuthority("qld-cp"), &processingv1.GetDisclosureRequest{SubmissionId: one[string](w, "SELECT submission_id::text FROM disclosure WHERE authority_id = 'qld-cp'")})
	if err != nil || got.GetDisclosure().GetCrn() != p.crn {
		t.Errorf("%v, %v", got, err)
	}
}
