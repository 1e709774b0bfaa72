package intake_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	"github.com/noticehub/noticehub/proto/subject"
)

// admin is a pool as the superuser, who alone reads the log.
func (w *world) admin() *pgxpool.Pool {
	if w.superuser == nil {
		w.superuser = postgrestest.Open(w.t, w.url, postgres.Schema{Name: "audit", Role: "postgres"}, "")
	}
	return w.superuser
}

// entries are those of an action in the audit log, with who the record says acted
// unless the entry does.
func (w *world) entries(action string) []audit.Entry {
	w.t.Helper()
	rows, err := w.admin().Query(w.t.Context(), "SELECT actor, entries FROM audit.record ORDER BY id")
	if err != nil {
		w.t.Fatal(err)
	}
	var found []audit.Entry
	var actor string
	var written []byte
	if _, err := pgx.ForEachRow(rows, []any{&actor, &written}, func() error {
		for line := range bytes.Lines(written) {
			var e audit.Entry
			if err := json.Unmarshal(line, &e); err != nil {
				return err
			}
			if e.Actor == "" {
				e.Actor = actor
			}
			if e.Action == action {
				found = append(found, e)
			}
		}
		return nil
	}); err != nil {
		w.t.Fatal(err)
	}
	return found
}

func (w *world) audited(action string) int { return len(w.entries(action)) }

// breakAudit takes the right to write entries from every service, or gives it back.
func (w *world) breakAudit(broken bool) {
	w.t.Helper()
	sql := "GRANT INSERT ON audit.record TO noticehub_audit_writer"
	if broken {
		sql = "REVOKE INSERT ON audit.record FROM noticehub_audit_writer"
	}
	if _, err := w.admin().Exec(w.t.Context(), sql); err != nil {
		w.t.Fatal(err)
	}
}

// TestEveryChangeIsOnRecord does all that changes something here.
func TestEveryChangeIsOnRecord(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.as("qld-cp")
	r := submit(t, c, notice())
	submission := "submission/" + r.GetSubmissionId()
	if e := w.entries("submission.lodged"); len(e) != 1 || e[0].Object != submission || e[0].Actor != "authority:qld-cp" || !bytes.Equal(e[0].Digest, r.GetContentHash()) {
		t.Errorf("lodged: %+v", e)
	}
	for range 2 { // the second is none
		if _, err := c.WithdrawSubmission(t.Context(), &intakev1.WithdrawSubmissionRequest{Reference: r.GetReference(), Note: "canary"}); err != nil {
			t.Fatal(err)
		}
	}
	if e := w.entries("submission.withdrawal-requested"); len(e) != 1 || e[0].Actor != "authority:qld-cp" || e[0].Detail["submission"] != r.GetSubmissionId() {
		t.Errorf("withdrawn: %+v", e)
	}
	parent := idOf(t, r)
	child := clock.DerivedID(parent, "disclosure")
	created := &eventv1.Event{Body: &eventv1.Event_SubmissionCreated{SubmissionCreated: &eventv1.SubmissionCreated{
		SubmissionId: child[:], ParentSubmissionId: parent[:], AuthorityId: "qld-cp", Reference: "~DOI:" + r.GetReference(),
		InformationType: eventv1.InformationType_INFORMATION_TYPE_DISCLOSURE_OF_INFORMATION, LodgedAt: timestamppb.New(start), Submission: []byte{0x5a, 0}, // an empty disclosure
	}}}
	returned := decided(t, r, eventv1.SubmissionStatus_SUBMISSION_STATUS_RETURNED, eventv1.Outcome_OUTCOME_RETURNED, 4)
	returned.EraseText = true
	for range 2 {
		w.publish(subject.Decided, created)
		created.Id = nil
		w.decide(returned)
	}
	eventually(t, "both are known", func() bool { return w.audited("submission.text-erased") == 1 && w.audited("receipt.sealed") == 2 })
	eventually(t, "all is consumed", func() bool {
		return scalar[int](t, w.pool, "SELECT count(*) FROM inbox WHERE consumer = $1", subject.IntakeStatus) == 4
	})
	if e := w.entries("submission.text-erased"); len(e) != 1 || e[0].Object != submission || e[0].Actor != "service:intake" {
		t.Errorf("erased: %+v", e)
	}
	if n := w.audited("receipt.sealed"); n != 2 {
		t.Errorf("%d seals are on record: repetitions made some", n)
	}
}

// TestNoAuditNoAction: what cannot be put on record is not done, now and by events
// not later either, until it can.
func TestNoAuditNoAction(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.as("qld-cp")
	r := submit(t, c, notice())
	w.breakAudit(true)
	_, lodging := c.Submit(t.Context(), &intakev1.SubmitRequest{Submission: notice()})
	_, withdrawing := c.WithdrawSubmission(t.Context(), &intakev1.WithdrawSubmissionRequest{Reference: r.GetReference()})
	for what, err := range map[string]error{"lodging": lodging, "withdrawing": withdrawing} {
		if f := faultOf(err); status.Code(err) != codes.Unavailable || f.RetryAfter <= 0 {
			t.Errorf("%s: %+v", what, f)
		}
	}
	returned := decided(t, r, eventv1.SubmissionStatus_SUBMISSION_STATUS_RETURNED, eventv1.Outcome_OUTCOME_RETURNED, 4)
	returned.EraseText = true
	attempts := func() int { return strings.Count(w.log.String(), "consumption waits for the infrastructure") }
	before := attempts()
	w.decide(returned)
	eventually(t, "it is tried again", func() bool { return attempts() >= before+2 })
	if n := scalar[int](t, w.pool, "SELECT (SELECT count(*) FROM withdrawal) + (SELECT count(*) FROM status) + (SELECT count(*) FROM parked) + (SELECT count(*) FROM submission WHERE text_erased)"); n != 0 {
		t.Errorf("%d rows changed without a record", n)
	}
	if n := scalar[int](t, w.pool, "SELECT count(*) FROM submission"); n != 1 {
		t.Errorf("%d submissions", n)
	}
	w.breakAudit(false)
	eventually(t, "the event is applied", func() bool { return w.audited("submission.text-erased") == 1 })
	submit(t, c, notice())
}
