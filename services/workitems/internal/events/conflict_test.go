package events

import (
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
)

// shuts tells that an officer must not see a record.
func shuts(officer, crn string) *eventv1.Event {
	id := clock.DerivedID(clock.ID{}, "conflict/"+officer+"/"+crn)
	return &eventv1.Event{Id: id[:], SchemaVersion: 1, Body: &eventv1.Event_ConflictDeclared{ConflictDeclared: &eventv1.ConflictDeclared{Crn: crn, OfficerId: officer}}}
}

// Told in any order, several times, together or one by one, conflicts are the same.
func TestConflictsAreKeptHoweverTheyCome(t *testing.T) {
	t.Parallel()
	a, b, c := shuts("alice", crnOf(1)), shuts("alice", crnOf(2)), shuts("bob", crnOf(1))
	for i, messages := range [][][]*eventv1.Event{
		{{a, b, c}}, {{c, a, b, a}, {a}}, {{b}, {c}, {a}, {b, a}}, {{a, a}, {c, b}, {c, b}},
	} {
		t.Run(fmt.Sprint("order ", i), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for _, m := range messages {
				w.notices(m...)
			}
			rows, err := w.pool.Query(t.Context(), "SELECT officer_id || ' ' || crn FROM conflict ORDER BY 1")
			if err != nil {
				t.Fatal(err)
			}
			kept, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if want := []string{"alice " + crnOf(1), "alice " + crnOf(2), "bob " + crnOf(1)}; err != nil || !slices.Equal(kept, want) {
				t.Errorf("kept %v, %v; want %v", kept, err, want)
			}
		})
	}
}

// One that cannot be kept is refused, so that it is set aside and shown.
func TestAConflictWithoutAnOfficerOrARecordIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, e := range []*eventv1.Event{shuts("", crnOf(1)), shuts("alice", "")} {
		list, err := w.generator.Notices().Decode(delivery(t, []*eventv1.Event{shuts("bob", crnOf(2)), e}))
		if err != nil || len(list) != 2 {
			t.Fatalf("decoded %d, %v", len(list), err)
		}
		err = w.generator.Store.InTx(t.Context(), func(tx pgx.Tx) error {
			_, err := w.generator.applyNotices(t.Context(), tx, list)
			return err
		})
		if fault.KindOf(err) != fault.Invalid {
			t.Errorf("%v: %v", e, err)
		}
	}
	if n := w.count("conflict"); n != 0 {
		t.Errorf("%d are kept", n)
	}
}
