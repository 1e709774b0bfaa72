package registry_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

const whyOpened = "The customer rang about a safe address"

func opening(crn, action, reason string) *registryv1.OpenRestrictedRecordRequest {
	return &registryv1.OpenRestrictedRecordRequest{Crn: crn, Reason: reason, ActionId: action}
}

// opens lets the Restricted Access officer open restricted records.
func (w *world) opens(t testing.TB, crns ...string) {
	t.Helper()
	for _, crn := range crns {
		if _, err := w.feeder(t, keyholder).OpenRestrictedRecord(t.Context(), opening(crn, "open-"+crn, whyOpened)); err != nil {
			t.Fatal(err)
		}
	}
}

// wantReason checks which rule refused a call, and returns what it says to do.
func wantReason(t testing.TB, what string, err error, want string) (help string) {
	t.Helper()
	var f *fault.Error
	if !errors.As(rpc.Fault(err), &f) || f.Reason != want {
		t.Errorf("%s: %v, want %s", what, err, want)
		return ""
	}
	return f.Help
}

// looks are all reads and writes of a restricted record, by what they are called.
func (w *world) looks(t testing.TB, who identity.Caller, crn string) map[string]func(context.Context) error {
	records, circumstances := w.as(t, who), w.feeder(t, who)
	return map[string]func(context.Context) error{
		"GetCustomer": func(ctx context.Context) error {
			_, err := records.GetCustomer(ctx, &registryv1.GetCustomerRequest{Crn: crn})
			return err
		},
		"GetCustomer as at": func(ctx context.Context) error {
			_, err := records.GetCustomer(ctx, &registryv1.GetCustomerRequest{Crn: crn, AsAt: "2026-11-23"})
			return err
		},
		"ListDocuments": func(ctx context.Context) error {
			_, err := records.ListDocuments(ctx, &registryv1.ListDocumentsRequest{Crn: crn})
			return err
		},
		"ListCustomerVersions": func(ctx context.Context) error {
			_, err := circumstances.ListCustomerVersions(ctx, &registryv1.ListCustomerVersionsRequest{Crn: crn})
			return err
		},
		"WatchCustomer": func(ctx context.Context) error {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			stream, err := circumstances.WatchCustomer(ctx, &registryv1.WatchCustomerRequest{Crn: crn})
			if err == nil {
				_, err = stream.Recv()
			}
			return err
		},
		"PlaceDocument": func(ctx context.Context) error {
			_, err := circumstances.PlaceDocument(ctx, &registryv1.PlaceDocumentRequest{Crn: crn, DocumentId: clock.DerivedID(clock.ID{}, "own").String(), Title: "x", Text: "y"})
			return err
		},
		"ChangeCustomer": func(ctx context.Context) error {
			_, err := circumstances.ChangeCustomer(ctx, &registryv1.ChangeCustomerRequest{Crn: crn, ExpectedVersion: 1, Changes: []*registryv1.Change{rent(canary)}, Reason: whyOpened})
			return err
		},
		"ChangeCustomer with the restriction": func(ctx context.Context) error {
			_, err := circumstances.ChangeCustomer(ctx, &registryv1.ChangeCustomerRequest{Crn: crn, ExpectedVersion: 1, Changes: []*registryv1.Change{restricts(true), rent(canary)}, Reason: whyOpened})
			return err
		},
		"PutCustomer": func(ctx context.Context) error {
			c := customer(1)
			c.RestrictedAccess = true
			_, err := records.PutCustomer(ctx, put(c, 1))
			return err
		},
	}
}

// A restricted record is closed to the Restricted Access officer, too, until the
// officer says why it is opened; and again when the time is over.
func TestARestrictedRecordIsOpenedWithAReasonAndForATime(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := customer(1)
	c.RestrictedAccess = true
	other := customer(2)
	other.RestrictedAccess = true
	w.put(t, c, other)
	crn := c.GetCrn()
	for name, look := range w.looks(t, keyholder, crn) {
		if help := wantReason(t, name+", not opened", look(t.Context()), "RESTRICTED_ACCESS"); !strings.Contains(help, "OpenRestrictedRecord") {
			t.Errorf("%s does not say what to do: %q", name, help)
		}
	}
	w.opens(t, crn)
	got, err := w.as(t, keyholder).GetCustomer(t.Context(), &registryv1.GetCustomerRequest{Crn: crn})
	if err != nil || got.GetCustomer().GetName().GetGivenName() != c.GetName().GetGivenName() || !got.GetOpenUntil().AsTime().Equal(morning.Add(time.Hour)) {
		t.Errorf("opened: %v, %v", got, err)
	}
	for name, look := range w.looks(t, keyholder, crn) {
		if err := look(t.Context()); err != nil && !strings.Contains(err.Error(), "version") { // each but the first changes another version
			t.Errorf("%s, opened: %v", name, err)
		}
	}
	// Neither another record, nor for another officer.
	_, err = w.as(t, keyholder).GetCustomer(t.Context(), &registryv1.GetCustomerRequest{Crn: other.GetCrn()})
	wantReason(t, "another record", err, "RESTRICTED_ACCESS")
	second := identity.Caller{Kind: identity.Person, ID: "rea", Roles: keyholder.Roles}
	_, err = w.as(t, second).GetCustomer(t.Context(), &registryv1.GetCustomerRequest{Crn: crn})
	wantReason(t, "another officer", err, "RESTRICTED_ACCESS")
	// Nor once the role is lost.
	_, err = w.as(t, identity.Caller{Kind: identity.Person, ID: keyholder.ID, Roles: []string{"officer"}}).GetCustomer(t.Context(), &registryv1.GetCustomerRequest{Crn: crn})
	wantReason(t, "without the role", err, "RESTRICTED_ACCESS")

	w.clock.Advance(time.Hour)
	for name, look := range w.looks(t, keyholder, crn) {
		wantReason(t, name+", an hour later", look(t.Context()), "RESTRICTED_ACCESS")
	}
	// A standing business clock does not keep it open: the database's own ends it.
	w.clock.Set(morning.Add(time.Minute))
	if _, err := w.pool.Exec(t.Context(), "UPDATE opening SET received_at = received_at - interval '61 minutes'"); err != nil {
		t.Fatal(err)
	}
	for name, look := range w.looks(t, keyholder, crn) {
		wantReason(t, name+", by a standing clock", look(t.Context()), "RESTRICTED_ACCESS")
	}
}

func TestWhatMayBeOpened(t *testing.T) {
	t.Parallel()
	w := watch(t)
	c, open := customer(1), customer(2)
	c.RestrictedAccess = true
	w.put(t, c, open)
	w.written(t)
	circumstances := w.feeder(t, keyholder)
	for what, x := range map[string]struct {
		request *registryv1.OpenRestrictedRecordRequest
		code    codes.Code
		reason  string
	}{
		"no reason":             {opening(c.GetCrn(), "1", ""), codes.InvalidArgument, "FIELD_INVALID"},
		"an empty phrase":       {opening(c.GetCrn(), "1", "as required"), codes.InvalidArgument, "FIELD_INVALID"},
		"no action":             {opening(c.GetCrn(), "", whyOpened), codes.InvalidArgument, ""},
		"no CRN":                {opening("12345", "1", whyOpened), codes.InvalidArgument, ""},
		"nobody":                {opening(customer(9).GetCrn(), "1", whyOpened), codes.NotFound, "CUSTOMER_UNKNOWN"},
		"a record that is open": {opening(open.GetCrn(), "1", whyOpened), codes.FailedPrecondition, "NOT_RESTRICTED"},
	} {
		_, err := circumstances.OpenRestrictedRecord(t.Context(), x.request)
		wantCode(t, err, x.code)
		if x.reason != "" {
			wantReason(t, what, err, x.reason)
		}
	}
	for _, who := range append(outsiders, service, feedService) {
		_, err := w.feeder(t, who).OpenRestrictedRecord(t.Context(), opening(c.GetCrn(), "1", whyOpened))
		wantCode(t, err, codes.PermissionDenied)
	}
	if records, _ := w.written(t); len(records) != 0 {
		t.Errorf("what was refused left %q", records)
	}

	first, err := circumstances.OpenRestrictedRecord(t.Context(), opening(c.GetCrn(), "1", whyOpened))
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Minute)
	again, err := circumstances.OpenRestrictedRecord(t.Context(), opening(c.GetCrn(), "1", "  "+whyOpened+"\n"))
	if err != nil || !again.GetUntil().AsTime().Equal(first.GetUntil().AsTime()) {
		t.Errorf("the same action again: %v, %v; first %v", again, err, first)
	}
	_, err = circumstances.OpenRestrictedRecord(t.Context(), opening(c.GetCrn(), "1", "For something else entirely"))
	wantReason(t, "another action", err, "ACTION_ID_REUSED")
	later, err := circumstances.OpenRestrictedRecord(t.Context(), opening(c.GetCrn(), "2", whyOpened))
	if err != nil || !later.GetUntil().AsTime().Equal(morning.Add(61*time.Minute)) {
		t.Errorf("opened anew: %v, %v", later, err)
	}
	_, entries := w.written(t)
	if len(entries) != 2 {
		t.Fatalf("entries %+v", entries)
	}
	for _, e := range entries {
		w.plain(t, e)
		if e.Action != "access.opened" || e.Object != auditor.Customer(c.GetCrn()) || e.Detail["minutes"] != "60" {
			t.Errorf("entry %+v", e)
		}
	}

	e := fact(clock.NewID(morning), "conflict/1", morning)
	e.Body = &eventv1.Event_ConflictDeclared{ConflictDeclared: &eventv1.ConflictDeclared{Crn: c.GetCrn(), OfficerId: keyholder.ID}}
	if err := w.apply(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	for _, action := range []string{"1", "3"} {
		_, err = circumstances.OpenRestrictedRecord(t.Context(), opening(c.GetCrn(), action, whyOpened))
		wantReason(t, "a conflict of interest", err, "CONFLICT_OF_INTEREST")
	}
	_, err = w.as(t, keyholder).GetCustomer(t.Context(), &registryv1.GetCustomerRequest{Crn: c.GetCrn()})
	wantReason(t, "opened before the conflict was declared", err, "CONFLICT_OF_INTEREST")
}

// The restriction is put on and taken off without a look at the record: taking it
// off says why in the same request.
func TestTheRestrictionIsTakenOffWithItsReason(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.put(t, customer(1))
	change := func(version int64, reason string, changes ...*registryv1.Change) error {
		_, err := w.feeder(t, keyholder).ChangeCustomer(t.Context(), &registryv1.ChangeCustomerRequest{
			Crn: customer(1).GetCrn(), ExpectedVersion: version, Changes: changes, Reason: reason,
		})
		return err
	}
	if err := change(1, "", restricts(true)); err != nil {
		t.Fatal(err)
	}
	wantReason(t, "again, which would answer with the record", change(2, whyOpened, restricts(true)), "RESTRICTED_ACCESS")
	wantReason(t, "off and on", change(2, whyOpened, restricts(false), restricts(true)), "RESTRICTED_ACCESS")
	wantReason(t, "with another change", change(2, whyOpened, restricts(false), rent("BOARD")), "RESTRICTED_ACCESS")
	wantReason(t, "by a replacement", func() error {
		_, err := w.as(t, keyholder).PutCustomer(t.Context(), put(customer(1), 2))
		return err
	}(), "RESTRICTED_ACCESS")
	wantReason(t, "without a reason", change(2, "done", restricts(false)), "FIELD_INVALID")
	if err := change(2, "The court order has ended", restricts(false)); err != nil {
		t.Error(err)
	}
}
