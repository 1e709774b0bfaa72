package registry_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/bus/bustest"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/registry"
)

// watched is a world whose audit records and tables an administrator of the
// database looks at: the registry's own role cannot read the log.
type watched struct {
	*world
	admin *pgxpool.Pool
}

func watch(t *testing.T) *watched {
	t.Helper()
	address := postgrestest.URL(t, registry.Schema())
	admin, err := pgxpool.New(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(admin.Close)
	return &watched{on(t, postgrestest.Open(t, address, registry.Schema(), postgres.Everything), bustest.New(t)), admin}
}

// written are the records not looked at yet: "actor: entry action, …" each, and
// the entries.
func (w *watched) written(t *testing.T) (records []string, entries []audit.Entry) {
	t.Helper()
	rows, err := w.admin.Query(t.Context(), `SELECT actor, count, entries FROM audit.record WHERE id IN (SELECT record_id FROM audit.waiting) ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	var actor string
	var count int
	var lines []byte
	if _, err := pgx.ForEachRow(rows, []any{&actor, &count, &lines}, func() error {
		var actions []string
		for _, line := range bytes.Split(bytes.TrimSpace(lines), []byte("\n")) {
			var e audit.Entry
			if err := json.Unmarshal(line, &e); err != nil {
				return err
			}
			actions, entries = append(actions, e.Action), append(entries, e)
		}
		if len(actions) != count {
			t.Errorf("%d entries are counted as %d", len(actions), count)
		}
		records = append(records, actor+": "+strings.Join(actions, ", "))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.admin.Exec(t.Context(), `DELETE FROM audit.waiting`); err != nil {
		t.Fatal(err)
	}
	return records, entries
}

// state is all the registry's tables hold.
func (w *watched) state(t *testing.T) string {
	t.Helper()
	var state string
	for _, table := range []string{"customer", "customer_version", "customer_name", "document", "authority", "provider", "feed_record", "feed_quarantine", "follow_on", "outbox", "notice", "card_hold", "opening"} {
		var text string
		if err := w.admin.QueryRow(t.Context(), `SELECT coalesce(string_agg(x::text, E'\n' ORDER BY x::text), '') FROM registry.`+table+` x`).Scan(&text); err != nil {
			t.Fatal(err)
		}
		state += table + "\n" + text + "\n"
	}
	return state
}

// deaf makes every audit record fail from now on, or no longer.
func (w *watched) deaf(t *testing.T, deaf bool) {
	t.Helper()
	sql := `DROP TRIGGER deaf ON audit.record`
	if deaf {
		sql = `CREATE OR REPLACE FUNCTION audit.deaf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'deaf'; END $$;
			CREATE TRIGGER deaf BEFORE INSERT ON audit.record EXECUTE FUNCTION audit.deaf()`
	}
	if _, err := w.admin.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

// act is one change of the registry and the audit record it leaves.
type act struct {
	name string
	do   func() error
	want string
	// again is what repeating it leaves; "" for nothing.
	again string
}

func (w *watched) acts(t *testing.T) []act {
	as, circumstances := w.as(t, officer), w.feeder(t, officer)
	root := w.as(t, administrator)
	fed := func(records ...*registryv1.FeedRecord) func() error {
		return func() error {
			stream, err := w.feeder(t, feedService).FeedChanges(t.Context())
			for i := 0; err == nil && i < len(records); i++ {
				err = stream.Send(&registryv1.FeedChangesRequest{Record: records[i]})
			}
			if err == nil {
				_, err = stream.CloseAndRecv()
			}
			return err
		}
	}
	document := clock.DerivedID(clock.ID{}, "doc").String()
	return []act{
		{"PutCustomer", func() error {
			_, err := as.PutCustomer(t.Context(), &registryv1.PutCustomerRequest{Customer: customer(1)})
			if err != nil && strings.Contains(err.Error(), "already") {
				return nil
			}
			return err
		}, "officer:alice: customer.changed", ""},
		{"ChangeCustomer", func() error {
			_, err := circumstances.ChangeCustomer(t.Context(), &registryv1.ChangeCustomerRequest{
				Crn: customer(1).GetCrn(), ExpectedVersion: 1, Changes: []*registryv1.Change{rent("BOARD"), pays("YOUTH_ALLOWANCE", 1)}, Reason: "CANARY",
			})
			if err != nil && strings.Contains(err.Error(), "version") {
				return nil
			}
			return err
		}, "officer:alice: customer.changed", ""},
		{"ImportCustomers", func() error {
			stream, err := root.ImportCustomers(t.Context())
			for i := 2; err == nil && i < 5; i++ {
				err = stream.Send(&registryv1.ImportCustomersRequest{Customer: customer(i)})
			}
			if err == nil {
				_, err = stream.CloseAndRecv()
			}
			return err
		}, "officer:root: customer.changed, customer.changed, customer.changed", ""},
		{
			"FeedChanges", fed(told(1, 1, rent("PRIVATE_RENT")), told(2, 2, rent("BOARD")), told(77, 3, rent("BOARD")), told(3, 4, ceases("none"))),
			"service:feeder: customer.changed, customer.changed, feed.quarantined, feed.quarantined, feed.accepted", "",
		},
		{"RedriveQuarantined", func() error {
			_, err := w.feeder(t, supervisor).RedriveQuarantined(t.Context(), &registryv1.RedriveQuarantinedRequest{})
			return err
		}, "officer:sue: feed.redriven, feed.redriven", "officer:sue: feed.redriven, feed.redriven"},
		{"PlaceDocument", func() error {
			_, err := circumstances.PlaceDocument(t.Context(), &registryv1.PlaceDocumentRequest{Crn: customer(1).GetCrn(), DocumentId: document, Title: "CANARY", Text: "CANARY"})
			return err
		}, "officer:alice: customer.document-placed", ""},
		{"PutCustomer restricted", func() error {
			c := customer(70)
			c.RestrictedAccess = true
			_, err := as.PutCustomer(t.Context(), &registryv1.PutCustomerRequest{Customer: c})
			if err != nil && strings.Contains(err.Error(), "restricted") {
				return nil
			}
			return err
		}, "officer:alice: customer.changed", ""},
		{"OpenRestrictedRecord", func() error {
			_, err := w.feeder(t, keyholder).OpenRestrictedRecord(t.Context(), opening(customer(70).GetCrn(), "a", "CANARY of the family's safety"))
			return err
		}, "officer:rao: access.opened", ""},
		{"PutAuthority", func() error {
			_, err := root.PutAuthority(t.Context(), &registryv1.PutAuthorityRequest{Authority: authority("frc")})
			return err
		}, "officer:root: authority.changed", ""},
		{"ImportAuthorities", func() error {
			stream, err := root.ImportAuthorities(t.Context())
			for _, id := range []string{"frc", "qld-cp", "nt-cp"} {
				if err == nil {
					err = stream.Send(&registryv1.ImportAuthoritiesRequest{Authority: authority(id)})
				}
			}
			if err == nil {
				_, err = stream.CloseAndRecv()
			}
			return err
		}, "officer:root: authority.changed, authority.changed", ""},
		{"PutSchoolMealsProvider", func() error {
			_, err := w.feeder(t, administrator).PutSchoolMealsProvider(t.Context(), &registryv1.PutSchoolMealsProviderRequest{
				Provider: &registryv1.SchoolMealsProvider{ProviderId: "S1", Name: "School", FeeCents: 100},
			})
			return err
		}, "officer:root: provider.changed", ""},
		{"decisions and notices", func() error {
			return w.apply(t.Context(), decided(1, customer(1).GetCrn(), eventv1.Outcome_OUTCOME_NOT_ELIGIBLE, "olga"),
				notice(1, customer(1).GetCrn(), "activated", 1, eventv1.Measure_MEASURE_CPEIM, "2026-11-01"))
		}, "service:registry: customer.changed, customer.document-placed", ""},
	}
}

// Each change leaves one record with an entry for each thing that changed;
// repeating it leaves none. When the record cannot be written nothing changes.
func TestEveryChangeIsAuditedOrDoesNotHappen(t *testing.T) {
	t.Parallel()
	w := watch(t)
	for _, a := range w.acts(t) {
		before := w.state(t)
		if a.want != "" {
			w.deaf(t, true)
			if err := a.do(); err == nil {
				t.Errorf("%s is done without its audit record", a.name)
			}
			w.deaf(t, false)
			if got := w.state(t); got != before {
				t.Errorf("%s changed something without its audit record:\n%s\nbefore:\n%s", a.name, got, before)
			}
		}
		for _, want := range []string{a.want, a.again} {
			if err := a.do(); err != nil {
				t.Fatalf("%s: %v", a.name, err)
			}
			records, entries := w.written(t)
			if got := strings.Join(records, "; "); got != want {
				t.Errorf("%s left %q, want %q", a.name, got, want)
			}
			for _, e := range entries {
				w.plain(t, e)
			}
		}
	}
}

// plain checks that an entry names nobody and quotes nothing.
func (w *watched) plain(t *testing.T, e audit.Entry) {
	t.Helper()
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	words := []string{"CANARY", "R-1", "R-2", "R-3", "BOARD", "Family"}
	for i := range 80 {
		words = append(words, customer(i).GetCrn())
	}
	if i := slices.IndexFunc(words, func(word string) bool { return strings.Contains(string(text), word) }); i >= 0 {
		t.Errorf("an entry holds %s: %s", words[i], text)
	}
	if e.Result != audit.Done || len(e.Digest) != 32 {
		t.Errorf("an entry without result or digest: %s", text)
	}
	if e.Action == "customer.changed" && (e.Version == 0 || e.Detail["changed"] == "" || !strings.HasPrefix(e.Object, "customer/c-")) {
		t.Errorf("a change tells %s", text)
	}
}

// What a record repeats of another follows in transactions of the registry's
// own, audited as such.
func TestFollowOnsAreAudited(t *testing.T) {
	t.Parallel()
	w := watch(t)
	partner, other := customer(1), customer(2)
	other.PartnerCrn = partner.GetCrn()
	w.put(t, partner, other)
	w.follow(t)
	w.written(t)
	w.must(t, 1, &registryv1.Change{Change: &registryv1.Change_CarerAllowance{CarerAllowance: registryv1.CarerAllowanceStatus_CARER_ALLOWANCE_STATUS_CURRENT}})
	w.follow(t)
	records, entries := w.written(t)
	if got := strings.Join(records, "; "); got != "officer:alice: customer.changed; service:registry: customer.changed" {
		t.Errorf("left %q", got)
	}
	if e := entries[1]; e.Actor != "" || e.Detail["changed"] != "partner_carer_allowance" || e.Object != auditor.Customer(other.GetCrn()) {
		t.Errorf("the follow-on tells %+v", e)
	}
}

// A feed is named by its entries, the service that brings it by the record.
func TestFeedsAreNamed(t *testing.T) {
	t.Parallel()
	w := watch(t)
	w.put(t, people(3)...)
	w.written(t)
	wantFed(t, "fed", w.feeds(t, told(1, 1, rent("BOARD"))), 1, 0, 0, 0)
	_, entries := w.written(t)
	var who []string
	for _, e := range entries {
		who = append(who, fmt.Sprint(e.Action, " ", e.Object, " by ", e.Actor, " ", e.Detail["count"]))
	}
	want := []string{"customer.changed " + auditor.Customer(customer(1).GetCrn()) + " by feed:payments ", "feed.accepted feed/payments by  1"}
	if !slices.Equal(who, want) {
		t.Errorf("entries %q, want %q", who, want)
	}
}
