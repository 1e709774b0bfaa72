package registry_test

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

const canary = "CANARY"

// secret is a restricted customer with a canary wherever a text may be, whose
// record others are linked with: partner of customer 2, nominee of customer 3,
// and customer 4 is nominee of it.
func (w *world) secret(t *testing.T) *registryv1.Customer {
	t.Helper()
	c := customer(1)
	c.RestrictedAccess, c.Name.GivenName, c.Aliases = true, canary, []*registryv1.Name{{FamilyName: canary}}
	c.Addresses[0].Street, c.RentType, c.PaydayCode = canary, canary, canary
	c.Children = []*registryv1.Child{{GivenName: canary, DateOfBirth: "2020-01-01"}}
	c.CarerAllowance, c.DateOfDeath = registryv1.CarerAllowanceStatus_CARER_ALLOWANCE_STATUS_CURRENT, "2026-01-02"
	c.Nominee = &registryv1.Nominee{Kind: "PERSON", Crn: customer(4).GetCrn()}
	partner, principal := customer(2), customer(3)
	partner.PartnerCrn = c.GetCrn()
	principal.Nominee = &registryv1.Nominee{Kind: "PERSON", Crn: c.GetCrn()}
	w.put(t, c, partner, principal, customer(4))
	w.follow(t)
	w.opens(t, c.GetCrn())
	if _, err := w.feeder(t, keyholder).PlaceDocument(t.Context(), &registryv1.PlaceDocumentRequest{
		Crn: c.GetCrn(), DocumentId: clock.DerivedID(clock.ID{}, "d").String(), Title: canary, Text: canary,
	}); err != nil {
		t.Fatal(err)
	}
	wantFed(t, "fed", w.feeds(t, told(1, 1, ceases(canary))), 0, 0, 1, 0)
	return c
}

// people who may see nothing of a restricted record.
var outsiders = []identity.Caller{
	officer, supervisor,
	{Kind: identity.Person, ID: "con", Roles: []string{"contact-officer"}},
	{Kind: identity.Person, ID: "imp", Roles: []string{"impact-officer"}},
	{Kind: identity.Person, ID: "soc", Roles: []string{"social-worker", "social-work-manager"}},
	{Kind: identity.Person, ID: "aud", Roles: []string{"auditor"}},
	administrator,
}

func TestNothingOfARestrictedRecordIsShown(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.secret(t)
	crn := c.GetCrn()
	for _, who := range outsiders {
		records, circumstances := w.as(t, who), w.feeder(t, who)
		replies := map[string]func() (proto.Message, error){
			"GetCustomer": func() (proto.Message, error) {
				return records.GetCustomer(t.Context(), &registryv1.GetCustomerRequest{Crn: crn})
			},
			"GetCustomer as at": func() (proto.Message, error) {
				return records.GetCustomer(t.Context(), &registryv1.GetCustomerRequest{Crn: crn, AsAt: "2026-11-23"})
			},
			"ListDocuments": func() (proto.Message, error) {
				return records.ListDocuments(t.Context(), &registryv1.ListDocumentsRequest{Crn: crn})
			},
			"ListCustomerVersions": func() (proto.Message, error) {
				return circumstances.ListCustomerVersions(t.Context(), &registryv1.ListCustomerVersionsRequest{Crn: crn})
			},
			"PutCustomer": func() (proto.Message, error) { return records.PutCustomer(t.Context(), put(customer(1), 1)) },
			"ChangeCustomer": func() (proto.Message, error) {
				return circumstances.ChangeCustomer(t.Context(), &registryv1.ChangeCustomerRequest{Crn: crn, ExpectedVersion: 1, Changes: []*registryv1.Change{rent("BOARD")}})
			},
			"PlaceDocument": func() (proto.Message, error) {
				return circumstances.PlaceDocument(t.Context(), &registryv1.PlaceDocumentRequest{Crn: crn, DocumentId: clock.DerivedID(clock.ID{}, "d").String(), Title: "x", Text: "y"})
			},
			"ResolveCustomers": func() (proto.Message, error) {
				return records.ResolveCustomers(t.Context(), &registryv1.ResolveCustomersRequest{Queries: []*registryv1.CustomerQuery{{Crn: crn}}})
			},
		}
		for name, call := range replies {
			reply, err := call()
			wantCode(t, err, codes.PermissionDenied)
			if err == nil || strings.Contains(err.Error(), canary) {
				t.Errorf("%v calls %s: %v, %v", who.Roles, name, reply, err)
			}
		}
		if page, err := circumstances.ListQuarantined(t.Context(), &registryv1.ListQuarantinedRequest{}); err == nil {
			if got := page.String(); strings.Contains(got, canary) || strings.Contains(got, "expense") || len(page.GetRecords()) != 1 ||
				page.GetRecords()[0].GetRecord().GetReference() != "" || page.GetRecords()[0].GetRecord().GetOccurredAt() != nil {
				t.Errorf("%v lists %s", who.Roles, got)
			}
		}
	}
}

// Records of others do not repeat what a restricted one says.
func TestLinkedRecordsTellNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.secret(t)
	read := func(who identity.Caller, n int, as string) *registryv1.Customer {
		t.Helper()
		got, err := w.as(t, who).GetCustomer(t.Context(), &registryv1.GetCustomerRequest{Crn: customer(n).GetCrn(), AsAt: as})
		if err != nil {
			t.Fatal(err)
		}
		return got.GetCustomer()
	}
	for _, as := range []string{"", "2026-11-23"} {
		partner, principal, nominee := read(officer, 2, as), read(officer, 3, as), read(officer, 4, as)
		if partner.GetPartnerCarerAllowance() != 0 || principal.GetNomineeDeceased() || len(nominee.GetNomineeFor()) != 0 {
			t.Errorf("an officer learns %v, %v, %v", partner, principal, nominee)
		}
		if partner.GetPartnerCrn() != c.GetCrn() || principal.GetNominee().GetCrn() != c.GetCrn() {
			t.Error("what stands in the records themselves is gone")
		}
		partner, principal, nominee = read(keyholder, 2, as), read(keyholder, 3, as), read(keyholder, 4, as)
		if partner.GetPartnerCarerAllowance() == 0 || !principal.GetNomineeDeceased() || len(nominee.GetNomineeFor()) != 1 {
			t.Errorf("the Restricted Access officer gets %v, %v, %v", partner, principal, nominee)
		}
	}
	parts := []string{"partner_carer_allowance", "nominee_deceased", "nominee_for"}
	for n := 2; n <= 4; n++ {
		for _, who := range []identity.Caller{officer, keyholder} {
			page, err := w.feeder(t, who).ListCustomerVersions(t.Context(), &registryv1.ListCustomerVersionsRequest{Crn: customer(n).GetCrn()})
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range page.GetVersions() {
				if slices.ContainsFunc(v.GetChanged(), func(part string) bool { return slices.Contains(parts, part) }) {
					t.Errorf("the history of %d tells %s that %q changed", n, who.ID, v.GetChanged())
				}
			}
		}
		var changed bool
		if err := w.pool.QueryRow(t.Context(), `SELECT bool_or(changed && $2) FROM customer_version WHERE crn = $1`, customer(n).GetCrn(), parts).Scan(&changed); err != nil || !changed {
			t.Errorf("nothing of that changed in the history of %d: nothing is proved (%v)", n, err)
		}
	}
	changed, err := w.feeder(t, officer).ChangeCustomer(t.Context(), &registryv1.ChangeCustomerRequest{
		Crn: customer(2).GetCrn(), ExpectedVersion: read(officer, 2, "").GetRecordVersion(), Changes: []*registryv1.Change{rent("BOARD")},
	})
	if err != nil || changed.GetCustomer().GetPartnerCarerAllowance() != 0 {
		t.Errorf("a change answers %v, %v", changed, err)
	}
	replaced, err := w.as(t, officer).PutCustomer(t.Context(), put(customer(4), 2))
	if err != nil || len(replaced.GetCustomer().GetNomineeFor()) != 0 {
		t.Errorf("a replacement answers %v, %v", replaced, err)
	}
	if got := read(keyholder, 2, ""); got.GetPartnerCarerAllowance() == 0 {
		t.Error("what an officer did not see was lost with the officer's change")
	}
}

// Only the Restricted Access officer lifts a restriction or restricts a record
// there is; imports and feeds are no way around.
func TestRestrictionsAreChangedByTheirOfficerOnly(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c, open := customer(1), customer(2)
	c.RestrictedAccess = true
	w.put(t, c, open)
	hidden := proto.CloneOf(open)
	hidden.RestrictedAccess = true
	_, err := w.as(t, officer).PutCustomer(t.Context(), put(hidden, 1))
	wantCode(t, err, codes.PermissionDenied)
	if _, err := w.as(t, keyholder).PutCustomer(t.Context(), put(hidden, 1)); err != nil {
		t.Error(err)
	}

	imported := func(who identity.Caller, next *registryv1.Customer) *registryv1.ImportCustomersResponse {
		t.Helper()
		stream, err := w.as(t, who).ImportCustomers(t.Context())
		if err == nil {
			err = stream.Send(&registryv1.ImportCustomersRequest{Customer: next})
		}
		if err != nil {
			t.Fatal(err)
		}
		got, err := stream.CloseAndRecv()
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	lifted, altered := customer(1), proto.CloneOf(c)
	altered.RentType = "BOARD"
	for _, who := range []identity.Caller{administrator, feedService} {
		if got := imported(who, proto.CloneOf(c)); got.GetUnchanged() != 1 {
			t.Errorf("%s imports the same again: %v", who.ID, got)
		}
		if got := imported(who, proto.CloneOf(lifted)); got.GetRefused() != 1 || got.GetErrors()[0].GetError().GetCode() != int32(codes.PermissionDenied) {
			t.Errorf("%s lifts by an import: %v", who.ID, got)
		}
	}
	if got := imported(administrator, proto.CloneOf(altered)); got.GetRefused() != 1 {
		t.Errorf("an administrator changes a restricted record: %v", got)
	}
	if got := imported(feedService, proto.CloneOf(altered)); got.GetChanged() != 1 {
		t.Errorf("the agency's feed cannot change a restricted record: %v", got)
	}
	w.opens(t, c.GetCrn())
	now, err := w.as(t, keyholder).GetCustomer(t.Context(), &registryv1.GetCustomerRequest{Crn: c.GetCrn()})
	if err != nil || !now.GetCustomer().GetRestrictedAccess() {
		t.Errorf("the record is %v, %v", now, err)
	}
}

// The event of a restricted record's change carries what work items need of it:
// not who and where the customer is.
func TestEventsOfRestrictedRecordsAreLean(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := customer(1)
	c.Name.FamilyName, c.Addresses[0].Street, c.Addresses[0].Locality, c.DateOfBirth = canary, canary, canary, "1901-01-01"
	w.put(t, c)
	w.announced(t)
	as := func(who identity.Caller, version int64, change *registryv1.Change) *eventv1.CircumstanceChanged {
		t.Helper()
		if _, err := w.feeder(t, who).ChangeCustomer(t.Context(), &registryv1.ChangeCustomerRequest{Crn: c.GetCrn(), ExpectedVersion: version, Changes: []*registryv1.Change{change}}); err != nil {
			t.Fatal(err)
		}
		list := w.announced(t)
		if len(list) != 1 {
			t.Fatalf("%d events", len(list))
		}
		return list[0].GetCircumstanceChanged()
	}
	restrict := &registryv1.Change{Change: &registryv1.Change_RestrictedAccess{RestrictedAccess: true}}
	lift := &registryv1.Change{Change: &registryv1.Change_RestrictedAccess{}}
	list := []*eventv1.CircumstanceChanged{as(keyholder, 1, restrict)}
	w.opens(t, c.GetCrn())
	for i, e := range append(list, as(keyholder, 2, rent("BOARD")), as(keyholder, 3, lift)) {
		for _, body := range [][]byte{e.GetBefore(), e.GetAfter()} {
			if strings.Contains(string(body), canary) || strings.Contains(string(body), "1901-01-01") {
				t.Errorf("event %d carries %q", i, body)
			}
			r := new(registryv1.Customer)
			if err := proto.Unmarshal(body, r); err != nil || r.GetAddresses()[0].GetState() != c.GetAddresses()[0].GetState() || len(r.GetPayments()) != 1 || r.GetCrn() != c.GetCrn() {
				t.Errorf("event %d carries %v, %v", i, r, err)
			}
		}
	}
	if e := as(officer, 4, rent("PRIVATE_RENT")); !strings.Contains(string(e.GetAfter()), canary) {
		t.Error("an open record's event is lean, too")
	}
}
