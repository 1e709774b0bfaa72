package autoprocessing_test

import (
	"context"
	"strings"
	"testing"

	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/api"
)

func TestTheDatabaseKeepsTheRegister(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := context.Background()
	put := func(crn string, state int, start, end string) error {
		_, err := w.pool.Exec(ctx, `INSERT INTO notice (id, crn, authority_id, measure, state, start_date, end_date, quarantined_percent,
				submission_id, revoked_at, cut_revoked, recorded_at, version)
			VALUES (gen_random_uuid(), $1, 'a', 2, $2::int, $3::text::date, $4::text::date, 70, gen_random_uuid(), CASE $2::int WHEN 4 THEN now() END, false, now(), 1)`,
			crn, state, start, end)
		return err
	}
	const inactive, active, ended, revoked = 1, 2, 3, 4
	for _, ok := range []error{
		put("111111111A", ended, "2026-01-01", "2026-01-31"),
		put("111111111A", active, "2026-02-01", "2026-02-28"),
		put("111111111A", inactive, "2026-03-01", "2026-03-31"),
		put("111111111A", revoked, "2026-01-15", "2026-03-15"), // out of force, so out of the way
		put("111111111B", active, "2026-02-01", "2026-02-28"),  // the next customer
		put("111111112A", active, "2026-02-01", "2026-02-28"),
	} {
		if ok != nil {
			t.Fatal(ok)
		}
	}
	for what, err := range map[string]error{
		"a day shared with an ended one": put("111111111A", inactive, "2025-12-01", "2026-01-01"),
		"a day shared with a live one":   put("111111111A", inactive, "2026-03-31", "2026-05-31"),
		"inside another":                 put("111111111B", ended, "2026-02-10", "2026-02-11"),
	} {
		if !postgres.IsExclusion(err) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := put("111111111A", active, "2026-06-01", "2026-06-30"); !postgres.IsUnique(err, "notice_one_active") {
		t.Errorf("a second one in force: %v", err)
	}
	for what, err := range map[string]error{
		"a period backwards": put("111111113A", inactive, "2026-06-02", "2026-06-01"),
		"no CRN":             put("111111113", inactive, "2026-06-01", "2026-06-02"),
		"a fifth state":      put("111111113A", 5, "2026-06-01", "2026-06-02"),
	} {
		if err == nil {
			t.Errorf("%s was taken", what)
		}
	}
}

func TestWhatIsWrittenStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.lodgings.lodge(qldCP, commence(w.registry.knows(someone(1)), "2026-03-02", 3))
	w.decide(s)
	for _, sql := range []string{
		"UPDATE decision SET outcome = 1", "DELETE FROM decision", "UPDATE notice_history SET state = 1", "DELETE FROM notice_history",
		"UPDATE transition SET version = 9", "DELETE FROM transition", "DELETE FROM submission", "DELETE FROM notice",
		"UPDATE submission SET status = 3, outcome = 0", "TRUNCATE decision",
	} {
		_, err := w.pool.Exec(context.Background(), sql)
		if err == nil || (!strings.Contains(err.Error(), "refused") && !strings.Contains(err.Error(), "permission denied")) {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

func TestWhoMayCallWhat(t *testing.T) {
	t.Parallel()
	table := api.Methods()
	person := func(roles ...string) identity.Caller {
		return identity.Caller{Kind: identity.Person, ID: "p", Roles: roles}
	}
	const queue, register, disclosure = "/noticehub.processing.v1.QueueService/", "/noticehub.processing.v1.RegisterService/", "/noticehub.processing.v1.DisclosureService/"
	for _, c := range []struct {
		method string
		caller identity.Caller
		may    bool
	}{
		{queue + "RecordOutcome", person("contact-officer"), true},
		{queue + "RecordOutcome", person("auditor"), false},
		{queue + "RecordOutcome", person("officer"), false},
		{queue + "RecordOutcome", identity.Caller{Kind: identity.Service, ID: "intake"}, false},
		{queue + "GetSubmissionDetail", person("auditor"), true},
		{queue + "GetSubmissionDetail", identity.Caller{Kind: identity.Authority, ID: "frc"}, false},
		{queue + "Assign", person("contact-officer"), false},
		{queue + "Assign", person("supervisor"), true},
		{register + "ListNotices", person("contact-officer"), true},
		{register + "ListNotices", identity.Caller{Kind: identity.Authority, ID: "frc"}, false},
		{disclosure + "GetDisclosure", identity.Caller{Kind: identity.Authority, ID: "frc"}, true},
		{disclosure + "GetDisclosure", person("contact-officer", "supervisor"), false},
	} {
		if err := table.Check(c.method, c.caller); (err == nil) != c.may {
			t.Errorf("%s by %s %v: %v", c.method, c.caller.Actor(), c.caller.Roles, err)
		}
	}
}
