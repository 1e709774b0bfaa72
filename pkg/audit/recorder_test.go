package audit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// door is a recorder at work, on a service's pool that may insert records only.
type door struct {
	*audit.GroupRecorder
	t    *testing.T
	read *pgxpool.Pool
	stop func()
}

func newDoor(t *testing.T) *door {
	t.Helper()
	service := postgres.Schema{Name: "desk", Role: "noticehub_desk", With: []postgres.Schema{audit.Schema()}}
	url := postgrestest.URL(t, service)
	writer, err := audit.NewWriter("desk", bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	d := &door{t: t, read: postgrestest.Open(t, url, audit.Schema(), "")}
	d.GroupRecorder = audit.NewRecorder(postgrestest.Open(t, url, service, ""), writer, nil)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	d.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(d.stop)
	return d
}

// as is the context of a call; "" is somebody unknown.
func as(id string) context.Context {
	ctx := audit.WithMethod(context.Background(), "/noticehub.test.v1.T/Read")
	if id == "" {
		return ctx
	}
	return identity.With(ctx, identity.Caller{Kind: identity.Person, ID: id, Session: "s-" + id})
}

type line struct {
	actor, method, session string
	audit.Entry
}

func (d *door) lines() []line {
	d.t.Helper()
	rows, err := d.read.Query(d.t.Context(), `SELECT actor, method, session, entries FROM audit.record ORDER BY id`)
	if err != nil {
		d.t.Fatal(err)
	}
	var all []line
	var l line
	var text []byte
	if _, err := pgx.ForEachRow(rows, []any{&l.actor, &l.method, &l.session, &text}, func() error {
		for entry := range bytes.Lines(text) {
			l.Entry = audit.Entry{}
			if err := json.Unmarshal(entry, &l.Entry); err != nil {
				return err
			}
			all = append(all, l)
		}
		return nil
	}); err != nil {
		d.t.Fatal(err)
	}
	return all
}

func TestConcurrentReadsAreOnRecordBeforeTheyReturn(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			for n := range 25 {
				object := fmt.Sprintf("thing/%d-%d", i, n)
				if err := d.Record(as(fmt.Sprint("p", i)), audit.Entry{Action: "thing.read", Object: object, Result: audit.Done}); err != nil {
					t.Error(err)
				}
			}
			var found bool
			if err := d.read.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM audit.record WHERE position($1::bytea IN entries) > 0)`, []byte(fmt.Sprintf("thing/%d-24", i))).Scan(&found); err != nil || !found {
				t.Error("a read that returned is not on record", err)
			}
		})
	}
	all.Wait()
	lines := d.lines()
	if len(lines) != 1000 {
		t.Fatalf("%d entries", len(lines))
	}
	for _, l := range lines {
		if owner, _, _ := strings.Cut(strings.TrimPrefix(l.Object, "thing/"), "-"); l.actor != "officer:p"+owner || l.session != "s-p"+owner || l.method != "noticehub.test.v1.T/Read" {
			t.Fatalf("%+v", l)
		}
	}
	d.stop()
	// After the end each call writes by itself.
	if err := d.Record(as("late"), audit.Entry{Action: "thing.read", Result: audit.Done}); err != nil || len(d.lines()) != 1001 {
		t.Error(err)
	}
}

func TestFloodsOfRefusalsAreCounted(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	refuse := func(id, reason, object string) {
		if err := d.Record(as(id), audit.Entry{Action: "call.refused", Object: object, Result: audit.Refused, Reason: reason}); err != nil {
			t.Error(err)
		}
	}
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			for n := range 500 {
				refuse("", "CREDENTIALS_MISSING", fmt.Sprintf("thing/%d-%d", i, n))
			}
		})
	}
	all.Wait()
	for n := range 100 {
		refuse("eve", "METHOD_DENIED", fmt.Sprintf("thing/%d", n))
		if n == 0 && len(d.lines()) < 2 {
			t.Error("the first refusals are not on record")
		}
	}
	refuse("eve", "OTHER", "")
	// Reads among refusals are never counted away.
	if err := d.Record(as("eve"), audit.Entry{Action: "call.refused", Result: audit.Refused, Reason: "METHOD_DENIED"}, audit.Entry{Action: "thing.read", Result: audit.Done}); err != nil {
		t.Error(err)
	}
	d.stop()
	entries, told := map[string]int{}, map[string]string{}
	for _, l := range d.lines() {
		entries[l.actor+" "+l.Action+" "+l.Reason]++
		if l.Detail["count"] != "" {
			told[l.actor+" "+l.Reason] += l.Detail["count"]
		}
	}
	want := map[string]int{"nobody call.refused CREDENTIALS_MISSING": 2, "officer:eve call.refused METHOD_DENIED": 21, "officer:eve call.refused OTHER": 1, "officer:eve thing.read ": 1}
	if fmt.Sprint(entries) != fmt.Sprint(want) || told["nobody CREDENTIALS_MISSING"] != "4999" || told["officer:eve METHOD_DENIED"] != "81" {
		t.Errorf("%v\n%v", entries, told)
	}
}

// A caller who is refused in a thousand ways does not hide what another tries.
func TestOneCallerDoesNotHideOthers(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	for _, id := range []string{"mallory", ""} {
		for n := range 1100 {
			e := audit.Entry{Action: "call.refused", Result: audit.Refused, Reason: fmt.Sprint("R", n)}
			if err := d.Record(as(id), e); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := d.Record(as("eve"), audit.Entry{Action: "call.refused", Result: audit.Refused, Reason: "METHOD_DENIED"}); err != nil {
		t.Fatal(err)
	}
	d.stop()
	entries, counted := map[string]int{}, map[string]int{}
	for _, l := range d.lines() {
		var n int
		if _, err := fmt.Sscan(l.Detail["count"], &n); err == nil {
			counted[l.actor] += n
			continue
		}
		entries[l.actor]++
	}
	if entries["officer:eve"] != 1 || entries["officer:mallory"]+counted["officer:mallory"] != 1100 || entries["nobody"]+counted["nobody"] != 1100 || entries["officer:mallory"] != 32 {
		t.Errorf("entries %v, counted %v", entries, counted)
	}
}

func TestWhatIsNotOnRecordIsAnError(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	// Somebody holds the table: nothing gets through.
	conn, err := pgx.Connect(t.Context(), superuserOf(d.read))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(t.Context(), `BEGIN; LOCK TABLE audit.record IN ACCESS EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			e := audit.Entry{Action: "thing.read", Result: audit.Done}
			if i%2 == 0 {
				e.Result = audit.Refused // a flood without a first entry is one of errors
			}
			if err := d.Record(as(""), e); !fault.Is(err, fault.Unavailable) {
				t.Errorf("%v", err)
			}
		})
	}
	all.Wait()
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v to say so", took)
	}
	if _, err := conn.Exec(t.Context(), `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	if err := d.Record(as(""), audit.Entry{Action: "call.refused", Result: audit.Refused}); err != nil {
		t.Error(err)
	}
	if err := d.Record(as("x"), audit.Entry{Action: "", Result: audit.Done}); err == nil {
		t.Error("an entry without an action is on record")
	}
}

// One caller's strange text must not fail the others' records.
func TestStrangeTextIsMadePlain(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	for _, id := range []string{"a\x00b", "\xff\xfe", strings.Repeat("é", 1000)} {
		if err := d.Record(as(id), audit.Entry{Action: "thing.read\x00\xff", Result: audit.Done, Reason: id, Detail: map[string]string{id: id}}); err != nil {
			t.Errorf("%.10q: %v", id, err)
		}
	}
	if n := len(d.lines()); n != 3 {
		t.Error(n)
	}
}

func superuserOf(pool *pgxpool.Pool) string { return pool.Config().ConnConfig.ConnString() }
