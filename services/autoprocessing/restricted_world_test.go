package autoprocessing_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	"github.com/noticehub/noticehub/services/autoprocessing"
)

func rita() context.Context { return as("rita", "restricted-access-officer") }

const (
	lift = processingv1.RiskDecision_RISK_DECISION_LIFT
	keep = processingv1.RiskDecision_RISK_DECISION_KEEP
)

// contacted opens a case and asks for the assessment, which must work.
func (w *world) contacted(id string, aware bool) *processingv1.AccessCase {
	w.t.Helper()
	w.claim(alice(), id)
	got, err := w.access.RecordAuthorityContact(alice(), contact(id, func(r *processingv1.RecordAuthorityContactRequest) {
		r.CustomerAware, r.RequestAssessment = aware, true
	}))
	if err != nil {
		w.t.Fatalf("contact: %v", err)
	}
	return got.GetCase()
}

// lifted has access lifted for alice, which must work.
func (w *world) lifted(id string, changes ...func(*processingv1.RecordRiskAssessmentRequest)) *processingv1.AccessCase {
	w.t.Helper()
	c := w.contacted(id, true)
	got, err := w.access.RecordRiskAssessment(rita(), assessment(id, c.GetVersion(), lift, changes...))
	if err != nil {
		w.t.Fatalf("lift: %v", err)
	}
	return got.GetCase()
}

func contact(id string, changes ...func(*processingv1.RecordAuthorityContactRequest)) *processingv1.RecordAuthorityContactRequest {
	r := &processingv1.RecordAuthorityContactRequest{SubmissionId: id, Version: 3, ActionId: "contact-1", Note: "CANARY-NOTE spoke to the case worker"}
	for _, change := range changes {
		change(r)
	}
	return r
}

func assessment(id string, version int32, d processingv1.RiskDecision, changes ...func(*processingv1.RecordRiskAssessmentRequest)) *processingv1.RecordRiskAssessmentRequest {
	r := &processingv1.RecordRiskAssessmentRequest{SubmissionId: id, CaseVersion: version, ActionId: "assess-1", Decision: d, Reason: "CANARY-REASON the risk is small"}
	for _, change := range changes {
		change(r)
	}
	return r
}

func look(id string) *processingv1.ViewRestrictedRecordRequest {
	return &processingv1.ViewRestrictedRecordRequest{SubmissionId: id, Reason: "CANARY-VIEW manual check before the disclosure"}
}

// reinstating ends the lift with the outcome.
func reinstating(r *processingv1.RecordOutcomeRequest) { r.ReinstateAccess = true }

// hiddenCustomer is a lodged submission of a restricted customer, decided.
func (w *world) hiddenCustomer(content func(person) *intakev1.Submission) (person, string) {
	w.t.Helper()
	p := w.registry.knows(someone(1), restricted)
	s := w.lodgings.lodge(qldCP, content(p))
	w.decide(s)
	return p, id(s)
}

// entry is one audit entry as it stands in the records.
type entry struct {
	Action, Object, Result, Reason, Actor string
	Detail                                map[string]string
}

// audited are all audit entries in the order they were written, and the actor of
// each one's record.
func (w *world) audited() (entries []entry) {
	w.t.Helper()
	rows, err := w.admin().Query(context.Background(), "SELECT actor, entries FROM audit.record ORDER BY id")
	if err != nil {
		w.t.Fatal(err)
	}
	var actor string
	var lines []byte
	if _, err := pgx.ForEachRow(rows, []any{&actor, &lines}, func() error {
		for line := range strings.Lines(string(lines)) {
			var e entry
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				return err
			}
			if e.Actor == "" {
				e.Actor = actor
			}
			entries = append(entries, e)
		}
		return nil
	}); err != nil {
		w.t.Fatal(err)
	}
	return entries
}

// actions are the actions of audit entries from a place on, without what time or
// the machine did.
func actions(entries []entry) []string {
	out := make([]string, 0, len(entries))
	for _, e := range entries {
		out = append(out, e.Action)
	}
	return out
}

// admin is a connection that may read everything.
func (w *world) admin() *pgxpool.Pool {
	w.t.Helper()
	if w.superuser == nil {
		pool, err := pgxpool.New(context.Background(), w.url)
		if err != nil {
			w.t.Fatal(err)
		}
		w.t.Cleanup(pool.Close)
		w.superuser = pool
	}
	return w.superuser
}

// scoped is a pool as the service's role with a scope of its own.
func (w *world) scoped(t *testing.T, scope string) *pgxpool.Pool {
	t.Helper()
	return postgrestest.Open(t, w.url, autoprocessing.Schema(), scope)
}

// detailAs is what a caller sees of a submission.
func (w *world) detailAs(ctx context.Context, id string) *processingv1.GetSubmissionDetailResponse {
	w.t.Helper()
	d, err := w.queue.GetSubmissionDetail(ctx, &processingv1.GetSubmissionDetailRequest{SubmissionId: id})
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// waiting returns once a session of the pool waits for a lock.
func (w *world) waiting() {
	w.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		var n int
		if err := w.admin().QueryRow(context.Background(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&n); err != nil {
			w.t.Fatal(err)
		}
		if n > 0 {
			return
		}
	}
	w.t.Fatal("nobody waits for a lock")
}

// claimUntil makes a claim last, in a transaction.
func (w *world) claimUntil(id string, until time.Time, tx pgx.Tx) {
	w.t.Helper()
	if _, err := tx.Exec(context.Background(), "UPDATE queue_entry SET claim_expires_at = $2 WHERE submission_id = $1", id, until); err != nil {
		w.t.Fatal(err)
	}
}

// lastDecided is the last decision told, nil when there is none.
func lastDecided(events []*eventv1.Event) *eventv1.SubmissionDecided {
	for i := len(events) - 1; i >= 0; i-- {
		if d := events[i].GetSubmissionDecided(); d != nil {
			return d
		}
	}
	return nil
}

func timestamp(at time.Time) *timestamppb.Timestamp { return timestamppb.New(at) }
