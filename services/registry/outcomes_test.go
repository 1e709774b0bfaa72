package registry_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/postgres"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/registry/internal/events"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

// submission and notice ids, the same for the same number.
func id(n int) clock.ID { return clock.DerivedID(clock.ID{1}, fmt.Sprint(n)) }

func fact(parent clock.ID, label string, at time.Time) *eventv1.Event {
	e := clock.DerivedID(parent, label)
	return &eventv1.Event{Id: e[:], SchemaVersion: 1, OccurredAt: timestamppb.New(at)}
}

// decided is a decision about customer(n), by an officer when one is named.
func decided(n int, crn string, outcome eventv1.Outcome, officer string) *eventv1.Event {
	submission := id(n)
	at := morning.Add(time.Duration(n) * time.Minute)
	e := fact(submission, "decided/3", at)
	e.Body = &eventv1.Event_SubmissionDecided{SubmissionDecided: &eventv1.SubmissionDecided{
		SubmissionId: submission[:], AuthorityId: "frc", Reference: "REF", InformationType: eventv1.InformationType_INFORMATION_TYPE_NOTICE_TO_COMMENCE,
		Outcome: outcome, Version: 3, Crn: crn, DecidedAt: timestamppb.New(at), ByOfficer: officer != "", OfficerId: officer, PolicyVersion: "2026-07",
	}}
	return e
}

// notice is what happened to a notice, in a version.
func notice(n int, crn, what string, version int32, measure eventv1.Measure, start string) *eventv1.Event {
	number := id(n)
	e := fact(number, fmt.Sprintf("%s/%d", what, version), morning)
	c := &eventv1.NoticeChange{NoticeId: number[:], Crn: crn, AuthorityId: "frc", Measure: measure, StartDate: start, EndDate: "2027-11-30", Version: version}
	switch what {
	case "recorded":
		e.Body = &eventv1.Event_NoticeRecorded{NoticeRecorded: &eventv1.NoticeRecorded{Notice: c}}
	case "activated":
		e.Body = &eventv1.Event_NoticeActivated{NoticeActivated: &eventv1.NoticeActivated{Notice: c}}
	case "shortened":
		e.Body = &eventv1.Event_NoticeShortened{NoticeShortened: &eventv1.NoticeShortened{Notice: c}}
	case "ended":
		e.Body = &eventv1.Event_NoticeEnded{NoticeEnded: &eventv1.NoticeEnded{Notice: c}}
	case "revoked":
		e.Body = &eventv1.Event_NoticeRevoked{NoticeRevoked: &eventv1.NoticeRevoked{Notice: c}}
	}
	return e
}

// apply applies one packet as the consumer does, without the bus.
func (w *world) apply(ctx context.Context, list ...*eventv1.Event) error {
	data, err := proto.Marshal(&eventv1.Packet{Events: list})
	if err != nil {
		return err
	}
	in, err := events.Decode(bus.Delivery{Message: bus.Message{Data: data}})
	if err != nil {
		return err
	}
	return postgres.InTx(ctx, w.pool, func(tx pgx.Tx) error {
		effects, err := events.Apply(store.New(w.pool, auditor), w.clock, sydney)(ctx, tx, in)
		if err != nil {
			return err
		}
		return outbox.Insert(ctx, tx, effects.Outbox...)
	})
}

// state is all that decided events left.
func (w *world) state(ctx context.Context) (string, error) {
	var state string
	err := w.pool.QueryRow(ctx, `SELECT coalesce((SELECT string_agg(n::text, E'\n' ORDER BY notice_id) FROM notice n), '') || E'\n--\n' ||
		coalesce((SELECT string_agg(d::text, E'\n' ORDER BY document_id) FROM document d), '')`).Scan(&state)
	return state, err
}

// history draws what happens to two customers: notices one after the other,
// each with its life, and decisions.
func history(t *rapid.T) []*eventv1.Event {
	var list []*eventv1.Event
	for n := range rapid.IntRange(1, 5).Draw(t, "notices") {
		crn := customer(rapid.IntRange(1, 2).Draw(t, "customer")).GetCrn()
		measure := eventv1.Measure(rapid.Int32Range(1, 3).Draw(t, "measure"))
		start := fmt.Sprintf("2026-%02d-01", n+1)
		for v, what := range rapid.SampledFrom([][]string{
			{"activated"},
			{"recorded"},
			{"recorded", "revoked"},
			{"recorded", "activated", "ended"},
			{"activated", "shortened", "ended"},
			{"activated", "revoked"},
		}).Draw(t, "life") {
			list = append(list, notice(n, crn, what, int32(v+1), measure, start))
		}
		officer := rapid.SampledFrom([]string{"", "alice"}).Draw(t, "officer")
		list = append(list, decided(n, crn, eventv1.Outcome(rapid.Int32Range(1, 12).Draw(t, "outcome")), officer))
	}
	return list
}

// Whatever order events come in, however often and however packed, the same
// state results (duplicates that the inbox would stop included).
func TestAnyOrderLeavesTheSameState(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx := t.Context()
	run := func(t *rapid.T, list []*eventv1.Event, cut func() int) string {
		if _, err := w.pool.Exec(ctx, `DELETE FROM notice`); err != nil {
			t.Fatal(err)
		}
		if _, err := w.pool.Exec(ctx, `DELETE FROM document`); err != nil {
			t.Fatal(err)
		}
		for len(list) > 0 {
			n := min(cut(), len(list))
			if err := w.apply(ctx, list[:n]...); err != nil {
				t.Fatal(err)
			}
			list = list[n:]
		}
		s, err := w.state(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	rapid.Check(t, func(t *rapid.T) {
		list := history(t)
		want := run(t, list, func() int { return len(list) })
		again := append(list, rapid.SliceOfN(rapid.SampledFrom(list), 0, 6).Draw(t, "duplicates")...)
		again = rapid.Permutation(again).Draw(t, "order")
		got := run(t, again, func() int { return rapid.IntRange(1, 4).Draw(t, "packet") })
		if got != want {
			t.Fatalf("in order:\n%s\nin another:\n%s", want, got)
		}
	})
}

func TestRegisterMeasure(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := customer(1)
	crn := c.GetCrn()
	const cy, cp = eventv1.Measure_MEASURE_CYEIM, eventv1.Measure_MEASURE_CPEIM
	want := func(when string, m eventv1.Measure) {
		t.Helper()
		if got := w.find(t, &registryv1.CustomerQuery{Crn: crn}).GetCustomer().GetRegisterMeasure(); got != m {
			t.Errorf("%s: %v, want %v", when, got, m)
		}
		got, err := w.as(t, officer).GetCustomer(t.Context(), &registryv1.GetCustomerRequest{Crn: crn})
		if err != nil || got.GetCustomer().GetRegisterMeasure() != m {
			t.Errorf("%s: GetCustomer %v, %v", when, got, err)
		}
	}
	apply := func(e ...*eventv1.Event) {
		t.Helper()
		if err := w.apply(t.Context(), e...); err != nil {
			t.Fatal(err)
		}
	}
	apply(notice(1, crn, "activated", 2, cp, "2026-01-01")) // before the customer is known
	w.put(t, c)
	want("activated", cp)
	w.put(t, c)
	want("after an import", cp)
	apply(notice(2, crn, "activated", 2, cy, "2026-06-01")) // the end of the first comes later
	want("continued", cy)
	apply(notice(1, crn, "ended", 3, cp, "2026-01-01"))
	want("first ended", cy)
	apply(notice(1, crn, "activated", 2, cp, "2026-01-01")) // a late repetition
	want("first repeated", cy)
	apply(notice(2, crn, "revoked", 3, cy, "2026-06-01"))
	want("revoked", 0)
	// Created under the first, transferred to another, under none.
	if list := w.announced(t); len(list) != 3 {
		t.Errorf("%d events; only what changed the measure or its history is told", len(list))
	}
}

func TestDocumentsOfOutcomes(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := customer(1)
	crn := c.GetCrn()
	w.put(t, c)
	var list []*eventv1.Event
	for n := range 7 {
		list = append(list, decided(n, crn, eventv1.Outcome_OUTCOME_COMMENCED, ""))
	}
	list = append(list, decided(8, crn, eventv1.Outcome_OUTCOME_NOT_ELIGIBLE, "alice"),
		decided(9, crn, eventv1.Outcome_OUTCOME_ELIGIBLE, ""), // leaves none
		decided(10, "", eventv1.Outcome_OUTCOME_NOT_MATCHED, "alice"),
		decided(11, customer(2).GetCrn(), eventv1.Outcome_OUTCOME_REVOKED, "")) // a customer not known yet
	for range 2 {
		if err := w.apply(t.Context(), list...); err != nil {
			t.Fatal(err)
		}
	}
	client := w.as(t, officer)
	var got []*registryv1.Document
	for token, pages := "", 0; pages == 0 || token != ""; pages++ {
		page, err := client.ListDocuments(t.Context(), &registryv1.ListDocumentsRequest{Crn: crn, PageSize: 3, PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		got, token = append(got, page.GetDocuments()...), page.GetNextPageToken()
	}
	if len(got) != 8 {
		t.Fatalf("%d documents, want 8", len(got))
	}
	for i, d := range got[1:] {
		if !d.GetCreatedAt().AsTime().Before(got[i].GetCreatedAt().AsTime()) {
			t.Errorf("document %d is not older than the one before", i+1)
		}
	}
	if d := got[0]; d.GetOfficerId() != "alice" || d.GetSubmissionId() != id(8).String() || d.GetCrn() != crn ||
		!strings.Contains(d.GetText(), "by an officer") || strings.Contains(d.GetText(), "REF") {
		t.Errorf("newest %v", d)
	}
	if d := got[1]; d.GetOfficerId() != "" || d.GetTitle() != "Notice to commence: commenced" {
		t.Errorf("automatic %v", d)
	}
	if all, err := client.ListDocuments(t.Context(), &registryv1.ListDocumentsRequest{Crn: crn}); err != nil || len(all.GetDocuments()) != 8 || all.GetNextPageToken() != "" {
		t.Errorf("all at once: %v, %v", all, err)
	}
	for _, bad := range []*registryv1.ListDocumentsRequest{
		{Crn: crn, PageToken: "nonsense"}, {Crn: crn, PageToken: "__________________________________"}, {Crn: crn, PageSize: 501}, {Crn: "x"},
	} {
		if _, err := client.ListDocuments(t.Context(), bad); len(fields(err)) == 0 {
			t.Errorf("%v: %v", bad, err)
		}
	}
	if _, err := client.ListDocuments(t.Context(), &registryv1.ListDocumentsRequest{Crn: customer(2).GetCrn()}); err == nil {
		t.Error("documents of a customer there is no record of were shown")
	}
	w.put(t, customer(2))
	if late, err := client.ListDocuments(t.Context(), &registryv1.ListDocumentsRequest{Crn: customer(2).GetCrn()}); err != nil || len(late.GetDocuments()) != 1 {
		t.Errorf("of a customer who came later: %v, %v", late, err)
	}
}
