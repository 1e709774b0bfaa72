package events

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/workitems/internal/store"
)

// records are the audit records, "actor: action code, …" each, in order.
func records(t *testing.T, admin *pgxpool.Pool) (list []string) {
	t.Helper()
	rows, err := admin.Query(t.Context(), `SELECT actor, entries FROM audit.record ORDER BY id`)
	if err != nil {
		t.Fatal(err)
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
			actions = append(actions, e.Action+" "+e.Detail["code"])
		}
		slices.Sort(actions)
		list = append(list, actor+": "+strings.Join(actions, ", "))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return list
}

// A batch leaves one record of all it raised, closed and moved; one that comes
// again leaves none, and nothing is raised that cannot be told.
func TestABatchIsOneAuditRecord(t *testing.T) {
	t.Parallel()
	address := postgrestest.URL(t, store.Schema())
	admin, err := pgxpool.New(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	w := newWorldOn(t, postgrestest.Open(t, address, store.Schema(), postgres.Everything))
	h := begin(person(1), morning)
	w.changes(h.events...)
	before := len(records(t, admin))
	raise := h.then(morning.Add(time.Hour), func(c *registryv1.Customer) {
		c.Addresses[0].Street, c.Addresses[0].Type = "CANARY", registryv1.AddressType_ADDRESS_TYPE_POSTAL
		c.Card = &registryv1.Card{PinBlocked: true}
	})
	move := h.then(morning.Add(2*time.Hour), func(c *registryv1.Customer) { c.Office = "ALICE"; c.Card.PinBlocked = false })

	if _, err := admin.Exec(t.Context(), `CREATE FUNCTION audit.deaf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'deaf'; END $$;
		CREATE TRIGGER deaf BEFORE INSERT ON audit.record EXECUTE FUNCTION audit.deaf()`); err != nil {
		t.Fatal(err)
	}
	list, err := w.generator.decodeChanges(delivery(t, h.events[1:2]))
	if err != nil {
		t.Fatal(err)
	}
	items := w.count("work_item")
	err = w.generator.Store.InTx(context.Background(), func(tx pgx.Tx) error {
		_, err := w.generator.applyChanges(t.Context(), tx, list)
		return err
	})
	if err == nil || w.count("work_item") != items {
		t.Errorf("raised without an audit record: %v", err)
	}
	if _, err := admin.Exec(t.Context(), `DROP TRIGGER deaf ON audit.record`); err != nil {
		t.Fatal(err)
	}

	w.changes(raise)
	w.changes(move)
	w.changes(raise, move)
	got := records(t, admin)[before:]
	if len(got) != 2 {
		t.Fatalf("%d records: %q", len(got), got)
	}
	var raised, moved int
	for _, r := range got {
		if !strings.HasPrefix(r, "service:workitems: ") || strings.Contains(r, "CANARY") {
			t.Errorf("a record is %q", r)
		}
		raised, moved = raised+strings.Count(r, "workitem.raised"), moved+strings.Count(r, "workitem.reassigned")
	}
	if open := w.count("work_item WHERE status <= 2"); raised != w.count("work_item") || moved == 0 || moved > open {
		t.Errorf("%d items, %d open; records tell of %d raised, %d moved: %q", w.count("work_item"), open, raised, moved, got)
	}
	w.consistent()
}
