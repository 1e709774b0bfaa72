package registry_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

func restricts(on bool) *registryv1.Change {
	return &registryv1.Change{Change: &registryv1.Change_RestrictedAccess{RestrictedAccess: on}}
}

// What decides on one customer has nothing of a partner whose record is restricted.
func TestResolvingTellsNothingOfARestrictedPartner(t *testing.T) {
	t.Parallel()
	w := setup(t)
	hidden, open, unknown, plain := customer(1), customer(2), customer(3), customer(4)
	hidden.RestrictedAccess, hidden.Payments[0].Code = true, canary
	open.PartnerCrn, unknown.PartnerCrn, plain.PartnerCrn = hidden.GetCrn(), customer(99).GetCrn(), open.GetCrn()
	w.put(t, hidden, open, unknown, plain)
	var queries []*registryv1.CustomerQuery
	for _, c := range []*registryv1.Customer{open, unknown, plain, customer(1)} {
		queries = append(queries, &registryv1.CustomerQuery{Crn: c.GetCrn(), Names: []*registryv1.Name{c.GetName()}, DateOfBirth: c.GetDateOfBirth()})
	}
	got, err := w.as(t, service).ResolveCustomers(t.Context(), &registryv1.ResolveCustomersRequest{Queries: queries})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []registryv1.PartnerTold{registryv1.PartnerTold_PARTNER_TOLD_RESTRICTED, registryv1.PartnerTold_PARTNER_TOLD_NO_RECORD, 0, 0} {
		a := got.GetAnswers()[i]
		if len(a.GetCandidates()) != 1 || a.GetPartnerTold() != want || a.GetCandidates()[0].GetPartnerTold() != want {
			t.Errorf("answer %d: %v, want %v", i, a, want)
		}
		if i < 3 && strings.Contains(a.String(), canary) {
			t.Errorf("answer %d tells of the restricted partner: %v", i, a)
		}
		if paid := len(a.GetPartnerPayments()) + len(a.GetCandidates()[0].GetPartnerPayments()); (paid == 2) != (i == 2) {
			t.Errorf("answer %d has %d partner's payments", i, paid)
		}
	}
}

// Of a restricted record an authority is not told that something changed, and no
// part of it; what was withheld is told once the restriction ends.
func TestNoticesInForceOfRestrictedRecords(t *testing.T) {
	t.Parallel()
	w := watch(t)
	crn := customer(1).GetCrn()
	if err := w.apply(t.Context(), notice(1, crn, "activated", 2, eventv1.Measure_MEASURE_CPEIM, "2026-01-01")); err != nil {
		t.Fatal(err)
	}
	w.put(t, customer(1))
	change := func(version int64, changes ...*registryv1.Change) {
		t.Helper()
		if _, err := w.feeder(t, keyholder).ChangeCustomer(t.Context(), &registryv1.ChangeCustomerRequest{Crn: crn, ExpectedVersion: version, Changes: changes}); err != nil {
			t.Fatal(err)
		}
	}
	change(1, moves("2 Side Street"))
	change(2, restricts(true), moves("3 Hill Street"))
	w.opens(t, crn)
	change(3, child("Kit"))
	change(4, rent("BOARD"))
	if list := w.notifications(t); len(list) != 1 {
		t.Fatalf("while restricted: notified %v", list)
	}
	// Neither is it told when the notice is learned of late.
	if err := w.apply(t.Context(), notice(1, crn, "activated", 2, eventv1.Measure_MEASURE_CPEIM, "2026-01-01")); err != nil {
		t.Fatal(err)
	}
	if list := w.notifications(t); len(list) != 1 {
		t.Fatalf("late, while restricted: notified %v", list)
	}
	withheld := 0
	_, entries := w.written(t)
	for _, e := range entries {
		if e.Action == "notification.withheld" {
			withheld++
			if e.Object != auditor.Customer(crn) || e.Detail["authority"] != "frc" {
				t.Errorf("entry %v", e)
			}
		}
	}
	if withheld != 2 {
		t.Errorf("%d entries of what was withheld", withheld)
	}
	change(5, restricts(false))
	list := w.notifications(t)
	if len(list) != 3 || !slices.Equal(list[1].GetKinds(), []eventv1.CircumstanceKind{tellsAddress}) || !slices.Equal(list[2].GetKinds(), []eventv1.CircumstanceKind{tellsChildren}) {
		t.Errorf("once it ended: notified %v", list)
	}
}

// A record that is an officer's own or a relative's is shut to the officer, in
// every role, restricted or not, for good.
func TestConflictsShutRecords(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := customer(1)
	w.put(t, c, customer(2))
	e := fact(clock.NewID(morning), "conflict/1", morning)
	e.Body = &eventv1.Event_ConflictDeclared{ConflictDeclared: &eventv1.ConflictDeclared{Crn: c.GetCrn(), OfficerId: keyholder.ID}}
	for range 2 {
		if err := w.apply(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	relative := identity.Caller{Kind: identity.Person, ID: keyholder.ID, Roles: []string{"officer", "restricted-access-officer", "supervisor"}}
	records, circumstances := w.as(t, relative), w.feeder(t, relative)
	for what, call := range map[string]func(context.Context) error{
		"read": func(ctx context.Context) error {
			_, err := records.GetCustomer(ctx, &registryv1.GetCustomerRequest{Crn: c.GetCrn()})
			return err
		},
		"documents": func(ctx context.Context) error {
			_, err := records.ListDocuments(ctx, &registryv1.ListDocumentsRequest{Crn: c.GetCrn()})
			return err
		},
		"versions": func(ctx context.Context) error {
			_, err := circumstances.ListCustomerVersions(ctx, &registryv1.ListCustomerVersionsRequest{Crn: c.GetCrn()})
			return err
		},
		"change": func(ctx context.Context) error {
			_, err := circumstances.ChangeCustomer(ctx, &registryv1.ChangeCustomerRequest{Crn: c.GetCrn(), ExpectedVersion: 1, Changes: []*registryv1.Change{rent("BOARD")}})
			return err
		},
		"replace": func(ctx context.Context) error {
			_, err := records.PutCustomer(ctx, put(customer(1), 1))
			return err
		},
		"place a document": func(ctx context.Context) error {
			_, err := circumstances.PlaceDocument(ctx, &registryv1.PlaceDocumentRequest{Crn: c.GetCrn(), DocumentId: clock.DerivedID(clock.ID{}, "d").String(), Title: "x", Text: "y"})
			return err
		},
	} {
		err := call(t.Context())
		wantCode(t, err, codes.PermissionDenied)
		if err == nil || !strings.Contains(err.Error(), "must not see") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := records.GetCustomer(t.Context(), &registryv1.GetCustomerRequest{Crn: customer(2).GetCrn()}); err != nil {
		t.Error(err)
	}
	if _, err := w.as(t, officer).GetCustomer(t.Context(), &registryv1.GetCustomerRequest{Crn: c.GetCrn()}); err != nil {
		t.Error(err)
	}
}
