package workitems_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
	"github.com/noticehub/noticehub/services/workitems"
)

// watched is a desk whose audit records an administrator of the database looks
// at: the service's own role cannot read the log.
type watched struct {
	*desk
	admin *pgxpool.Pool
}

func watch(t *testing.T) *watched {
	t.Helper()
	address := postgrestest.URL(t, workitems.Schema())
	admin, err := pgxpool.New(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(admin.Close)
	return &watched{deskOn(t, postgrestest.Open(t, address, workitems.Schema(), postgres.Everything)), admin}
}

// written are the records not looked at yet, "actor: entry action, …" each, and
// the entries.
func (w *watched) written() (records []string, entries []audit.Entry) {
	w.t.Helper()
	rows, err := w.admin.Query(context.Background(), `SELECT actor, entries FROM audit.record WHERE id IN (SELECT record_id FROM audit.waiting) ORDER BY id`)
	if err != nil {
		w.t.Fatal(err)
	}
	var actor string
	var lines []byte
	if _, err := pgx.ForEachRow(rows, []any{&actor, &lines}, func() error {
		var actions []string
		for _, line := range bytes.Split(bytes.TrimSpace(lines), []byte("\n")) {
			var e audit.Entry
			if err := json.Unmarshal(line, &e); err != nil {
				return err
			}
			actions, entries = append(actions, e.Action), append(entries, e)
		}
		records = append(records, actor+": "+strings.Join(actions, ", "))
		return nil
	}); err != nil {
		w.t.Fatal(err)
	}
	w.administer(`DELETE FROM audit.waiting`)
	return records, entries
}

func (w *watched) administer(sql string) {
	w.t.Helper()
	if _, err := w.admin.Exec(context.Background(), sql); err != nil {
		w.t.Fatal(err)
	}
}

func (w *watched) state() (state string) {
	w.t.Helper()
	for _, table := range []string{"work_item", "work_item_step", "action", "follow_up", "outbox"} {
		var text string
		if err := w.admin.QueryRow(context.Background(), `SELECT coalesce(string_agg(x::text, E'\n' ORDER BY x::text), '') FROM workitems.`+table+` x`).Scan(&text); err != nil {
			w.t.Fatal(err)
		}
		state += table + "\n" + text + "\n"
	}
	return state
}

// Each officer's action leaves one entry and its repetition none; when the entry
// cannot be written the action does not happen.
func TestEveryActionIsAuditedOrDoesNotHappen(t *testing.T) {
	t.Parallel()
	w := watch(t)
	ctx := t.Context()
	w.administer(`CREATE FUNCTION audit.deaf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'deaf'; END $$`)
	w.customer("123456789A", "DARWIN", false)
	id, other := w.place(placed{code: "I097Q1", value: "CANARY", office: "DARWIN"}), w.place(placed{office: "DARWIN"})
	alice, boss := w.as("alice", "officer"), w.as("boss", "supervisor")
	complete := &workitemv1.CompleteWorkItemRequest{WorkItemId: id, Version: 2, ActionId: newAction(), Note: "CANARY " + goodNote}
	matures := w.clock.Now().AddDate(0, 0, 7).Format("2006-01-02")
	first, second := newAction(), newAction()
	follow := func(activity string) func() error {
		return func() error {
			_, err := alice.CreateFollowUp(ctx, &workitemv1.CreateFollowUpRequest{
				Crn: "123456789A", ActivityId: activity, Title: "CANARY", Keywords: []string{"CANARY"}, MaturesOn: matures,
			})
			return err
		}
	}
	for _, a := range []struct {
		name string
		do   func() error
		want string
	}{
		{"StartInvestigation", func() error {
			_, err := alice.StartInvestigation(ctx, &workitemv1.StartInvestigationRequest{WorkItemId: id, Version: 1})
			return err
		}, "officer:alice: workitem.investigated"},
		{"CompleteWorkItem", func() error { _, err := alice.CompleteWorkItem(ctx, complete); return err }, "officer:alice: workitem.completed"},
		{"ReassignWorkItem", func() error {
			_, err := boss.ReassignWorkItem(ctx, &workitemv1.ReassignWorkItemRequest{WorkItemId: other, Version: 1, Assignee: "olga", Reason: "CANARY is on leave until Monday"})
			return err
		}, "officer:boss: workitem.reassigned"},
		{"CreateFollowUp", follow(first), "officer:alice: followup.created"},
		{"CompleteFollowUp", func() error {
			_, err := alice.CompleteFollowUp(ctx, &workitemv1.CompleteFollowUpRequest{ActivityId: first, Note: "CANARY " + goodNote})
			return err
		}, "officer:alice: followup.completed"},
		{"CreateFollowUp again", follow(second), "officer:alice: followup.created"},
		{"CancelActivity", func() error {
			_, err := alice.CancelActivity(ctx, &workitemv1.CancelActivityRequest{ActivityId: second, Reason: "CANARY was told by telephone"})
			return err
		}, "officer:alice: followup.cancelled"},
	} {
		before := w.state()
		w.administer(`CREATE TRIGGER deaf BEFORE INSERT ON audit.record EXECUTE FUNCTION audit.deaf()`)
		if err := a.do(); err == nil {
			t.Errorf("%s is done without its audit record", a.name)
		}
		w.administer(`DROP TRIGGER deaf ON audit.record`)
		if got := w.state(); got != before {
			t.Errorf("%s changed something without its audit record:\n%s\nbefore:\n%s", a.name, got, before)
		}
		for _, want := range []string{a.want, ""} {
			if err := a.do(); err != nil {
				t.Fatalf("%s: %v", a.name, err)
			}
			records, entries := w.written()
			if got := strings.Join(records, "; "); got != want {
				t.Errorf("%s left %q, want %q", a.name, got, want)
			}
			for _, e := range entries {
				w.plain(e)
			}
		}
	}
}

// plain checks that an entry names its object and nobody.
func (w *watched) plain(e audit.Entry) {
	w.t.Helper()
	text, err := json.Marshal(e)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, word := range []string{"CANARY", "123456789A"} {
		if strings.Contains(string(text), word) {
			w.t.Errorf("an entry holds %s: %s", word, text)
		}
	}
	if e.Result != audit.Done || e.Object == "" || e.Detail["customer"] != auditor(w.t).Customer("123456789A") {
		w.t.Errorf("an entry tells %s", text)
	}
}

// The service component of an item is recorded once, with its entry.
func TestServiceComponentsAreAudited(t *testing.T) {
	t.Parallel()
	w := watch(t)
	code, number := "", ""
	for _, e := range w.catalogue() {
		if e.GetServiceComponent() != "" {
			code, number = e.GetCode(), e.GetServiceComponent()
		}
	}
	w.customer("123456789A", "DARWIN", false)
	id := w.place(placed{code: code})
	alice := w.as("alice", "officer", "contact-officer", "impact-officer")
	version := w.investigate(alice, id)
	w.written()
	for range 2 {
		if _, err := alice.RecordServiceComponent(t.Context(), &workitemv1.RecordServiceComponentRequest{
			WorkItemId: id, Version: version, Number: number, Status: "COM", On: w.clock.Now().Format("2006-01-02"),
		}); err != nil {
			t.Fatal(err)
		}
	}
	records, entries := w.written()
	if got := strings.Join(records, "; "); got != "officer:alice: workitem.component-recorded" {
		t.Fatalf("left %q", got)
	}
	w.plain(entries[0])
}

// catalogue is all codes there are.
func (d *desk) catalogue() []*workitemv1.CatalogueEntry {
	d.t.Helper()
	all, err := d.as("alice", "officer").ListCatalogue(context.Background(), &workitemv1.ListCatalogueRequest{})
	if err != nil {
		d.t.Fatal(err)
	}
	return all.GetEntries()
}
