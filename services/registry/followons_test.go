package registry_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/outbox"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/registry/internal/events"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

func noRoom(context.Context) error { return nil }

// follow works off what changes mean for other records; anything put off is
// taken as if its time had come.
func (w *world) follow(t testing.TB) {
	t.Helper()
	if _, err := w.pool.Exec(t.Context(), `UPDATE follow_on SET due_at = now()`); err != nil {
		t.Fatal(err)
	}
	err := events.Follow(t.Context(), store.New(w.pool, auditor), w.clock.Now(), sydney, noRoom, func(...outbox.Row) {})
	if err != nil {
		t.Fatal(err)
	}
}

const (
	current   = registryv1.CarerAllowanceStatus_CARER_ALLOWANCE_STATUS_CURRENT
	suspended = registryv1.CarerAllowanceStatus_CARER_ALLOWANCE_STATUS_SUSPENDED
)

func allowance(s registryv1.CarerAllowanceStatus) *registryv1.Change {
	return &registryv1.Change{Change: &registryv1.Change_CarerAllowance{CarerAllowance: s}}
}

func links(n int) *registryv1.Change {
	return &registryv1.Change{Change: &registryv1.Change_LinkPartner{LinkPartner: customer(n).GetCrn()}}
}

func appoints(n int) *registryv1.Change {
	return &registryv1.Change{Change: &registryv1.Change_SetNominee{SetNominee: &registryv1.Nominee{Kind: "PERSON", Crn: customer(n).GetCrn()}}}
}

func TestPartnersAllowanceIsRepeated(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.put(t, people(3)...)
	w.must(t, 2, allowance(current))
	if c := w.must(t, 1, links(2)); c.GetPartnerCarerAllowance() != current {
		t.Errorf("linked %v", c)
	}
	w.follow(t)
	if c := w.read(t, 1); c.GetRecordVersion() != 2 {
		t.Errorf("looking again made version %d", c.GetRecordVersion())
	}
	w.must(t, 2, allowance(suspended))
	w.follow(t)
	w.follow(t)
	if c := w.read(t, 1); c.GetPartnerCarerAllowance() != suspended || c.GetRecordVersion() != 3 {
		t.Errorf("followed %v", c)
	}
	if c := w.must(t, 1, &registryv1.Change{Change: &registryv1.Change_UnlinkPartner{UnlinkPartner: &registryv1.Nothing{}}}); c.GetPartnerCarerAllowance() != 0 {
		t.Errorf("unlinked %v", c)
	}
	// A partner who comes later.
	w.must(t, 0, links(5))
	w.follow(t)
	late := customer(5)
	late.CarerAllowance = current
	w.put(t, late)
	w.follow(t)
	if c := w.read(t, 0); c.GetPartnerCarerAllowance() != current {
		t.Errorf("of one who came later %v", c)
	}
	// Both in one batch.
	a, b := customer(6), customer(7)
	a.PartnerCrn, b.PartnerCrn, b.CarerAllowance = b.GetCrn(), a.GetCrn(), current
	w.put(t, a, b)
	w.follow(t)
	if c := w.read(t, 6); c.GetPartnerCarerAllowance() != current {
		t.Errorf("of one batch %v", c)
	}
	if n := w.count(t, "follow_on"); n != 0 {
		t.Errorf("%d follow-ons are left", n)
	}
}

func TestNominees(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.put(t, people(4)...)
	w.must(t, 1, appoints(0))
	w.must(t, 2, appoints(0))
	w.must(t, 3, appoints(9)) // comes later
	w.follow(t)
	if got, want := w.read(t, 0).GetNomineeFor(), []string{customer(1).GetCrn(), customer(2).GetCrn()}; !slices.Equal(got, want) {
		t.Errorf("nominee for %q, want %q", got, want)
	}
	w.must(t, 1, &registryv1.Change{Change: &registryv1.Change_EndNominee{EndNominee: &registryv1.EndNominee{}}})
	dead := &registryv1.Change{Change: &registryv1.Change_DateOfDeath{DateOfDeath: "2026-11-20"}}
	w.must(t, 0, dead)
	w.follow(t)
	if got := w.read(t, 0).GetNomineeFor(); len(got) != 1 {
		t.Errorf("after one ended nominee for %q", got)
	}
	if w.read(t, 1).GetNomineeDeceased() || !w.read(t, 2).GetNomineeDeceased() {
		t.Error("the death is told to the wrong principals")
	}
	if c := w.must(t, 2, appoints(3)); c.GetNomineeDeceased() {
		t.Errorf("a new nominee is dead: %v", c)
	}
	if c := w.must(t, 1, appoints(0)); !c.GetNomineeDeceased() {
		t.Errorf("a dead nominee is not: %v", c)
	}
	late := customer(9)
	late.DateOfDeath = "2026-01-01"
	w.put(t, late)
	w.follow(t)
	if !w.read(t, 3).GetNomineeDeceased() || len(w.read(t, 9).GetNomineeFor()) != 1 {
		t.Errorf("one who came later: %v, %v", w.read(t, 3), w.read(t, 9))
	}
	for n := range 4 {
		before := w.read(t, n).GetRecordVersion()
		if _, err := w.pool.Exec(t.Context(), `INSERT INTO follow_on (what, crn) SELECT w, $1 FROM unnest(ARRAY['refresh', 'spread', 'refresh']) w`, customer(n).GetCrn()); err != nil {
			t.Fatal(err)
		}
		w.follow(t)
		if c := w.read(t, n); c.GetRecordVersion() != before {
			t.Errorf("again: version %d after %d", c.GetRecordVersion(), before)
		}
	}
}

// provider puts a provider.
func (w *world) provider(t testing.TB, cents int64, ends string) *registryv1.SchoolMealsProvider {
	t.Helper()
	got, err := w.feeder(t, officer).PutSchoolMealsProvider(t.Context(), &registryv1.PutSchoolMealsProviderRequest{
		Provider: &registryv1.SchoolMealsProvider{ProviderId: "meals-1", Name: "Synthetic Meals", FeeCents: cents, EndsOn: ends},
	})
	if err != nil {
		t.Fatal(err)
	}
	return got.GetProvider()
}

func TestProvidersFeesReachEveryCustomer(t *testing.T) {
	t.Parallel()
	w := setup(t)
	const many = 1203
	list := people(many)
	for _, c := range list {
		c.Expenses = []*registryv1.Expense{
			{ExpenseId: "e1", Kind: registryv1.ExpenseKind_EXPENSE_KIND_SCHOOL_MEALS, AllocationCents: 100, FromDate: "2026-01-01", ProviderId: "meals-1"},
			{ExpenseId: "e2", Kind: registryv1.ExpenseKind_EXPENSE_KIND_RENT, AllocationCents: 100, FromDate: "2026-01-01"},
		}
	}
	w.put(t, list[:10]...) // before the provider is known
	if p := w.provider(t, 5000, ""); p.GetRecordVersion() != 1 {
		t.Errorf("created %v", p)
	}
	w.put(t, list[10:]...)
	if c := w.read(t, 11); c.GetExpenses()[0].GetProviderFeeCents() != 5000 || c.GetRecordVersion() != 1 {
		t.Errorf("of a provider known before: %v", c)
	}
	w.follow(t)
	if c := w.read(t, 1); c.GetExpenses()[0].GetProviderFeeCents() != 5000 || c.GetExpenses()[1].GetProviderFeeCents() != 0 {
		t.Errorf("of a provider known later: %v", c)
	}
	if p := w.provider(t, 5000, ""); p.GetRecordVersion() != 1 || w.count(t, "follow_on") != 0 {
		t.Errorf("the same again %v", p)
	}
	if p := w.provider(t, 6000, "2027-01-31"); p.GetRecordVersion() != 2 {
		t.Errorf("changed %v", p)
	}
	// A crash between transactions loses nothing, and doing work again changes nothing.
	crash := errors.New("crash")
	for rounds := 0; ; rounds++ {
		stops := 0
		err := events.Follow(t.Context(), store.New(w.pool, auditor), w.clock.Now(), sydney, func(context.Context) error {
			if stops++; stops == 2 {
				return crash
			}
			return nil
		}, func(...outbox.Row) {})
		if err == nil {
			if rounds < 2 {
				t.Errorf("only %d transactions", rounds)
			}
			break
		}
		if !errors.Is(err, crash) {
			t.Fatal(err)
		}
	}
	told := 0
	for _, v := range w.announced(t) {
		if c := v.GetCircumstanceChanged(); c.GetActor() == "system" && slices.Equal(c.GetChanged(), []string{"expenses"}) {
			told++
		}
	}
	if told != many+10 {
		t.Errorf("%d records followed, want %d", told, many+10)
	}
	if c := w.read(t, many-1); c.GetExpenses()[0].GetProviderFeeCents() != 6000 || c.GetExpenses()[0].GetProviderEndsOn() != "2027-01-31" || c.GetRecordVersion() != 2 {
		t.Errorf("the last one %v", c)
	}
	got, err := w.feeder(t, officer).ListSchoolMealsProviders(t.Context(), &registryv1.ListSchoolMealsProvidersRequest{})
	if err != nil || len(got.GetProviders()) != 1 || got.GetProviders()[0].GetFeeCents() != 6000 {
		t.Errorf("listed %v, %v", got, err)
	}
	_, err = w.feeder(t, officer).PutSchoolMealsProvider(t.Context(), &registryv1.PutSchoolMealsProviderRequest{
		Provider: &registryv1.SchoolMealsProvider{ProviderId: "meals-2", Name: "X", EndsOn: "2027-02-30"},
	})
	wantCode(t, err, codes.InvalidArgument)
}

// A registry that runs follows by itself, soon after the change.
func TestFollowingByItself(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if err := w.bus.Declare(t.Context(), streams()...); err != nil {
		t.Fatal(err)
	}
	w.run(t)
	w.put(t, people(2)...)
	w.must(t, 1, links(0))
	w.must(t, 0, allowance(current))
	eventually(t, "the partner's record follows", func() (bool, error) { return w.read(t, 1).GetPartnerCarerAllowance() == current, nil })
}

func TestLeavingTheTerritory(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.put(t, customer(1)) // at home in Queensland
	home := func(state int32) *registryv1.Change {
		a := proto.CloneOf(customer(1).GetAddresses()[0])
		a.State = eventv1.Jurisdiction(state)
		return &registryv1.Change{Change: &registryv1.Change_PutAddress{PutAddress: a}}
	}
	const nt, qld = 3, 4
	if c := w.must(t, 1, home(nt)); c.GetLeftDeclaredAreaOn() != "" {
		t.Errorf("came %v", c)
	}
	if c := w.must(t, 1, home(qld)); c.GetLeftDeclaredAreaOn() != "2026-11-23" {
		t.Errorf("left %v", c)
	}
	w.clock.Advance(72 * time.Hour)
	if c := w.must(t, 1, moves("9 Hill Street")); c.GetLeftDeclaredAreaOn() != "2026-11-23" {
		t.Errorf("moved within Queensland %v", c)
	}
	if c := w.must(t, 1, home(nt)); c.GetLeftDeclaredAreaOn() != "" {
		t.Errorf("came back %v", c)
	}
	if c := w.must(t, 1, &registryv1.Change{Change: &registryv1.Change_EndAddress{EndAddress: 1}}); c.GetLeftDeclaredAreaOn() != "2026-11-26" {
		t.Errorf("left without an address %v", c)
	}
}

func TestPlaceDocument(t *testing.T) {
	t.Parallel()
	w := setup(t)
	secret := customer(2)
	secret.RestrictedAccess = true
	w.put(t, customer(1), secret)
	request := &registryv1.PlaceDocumentRequest{Crn: customer(1).GetCrn(), DocumentId: id(1).String(), Title: "Interview", Text: "Asked about rent."}
	client := w.feeder(t, officer)
	first, err := client.PlaceDocument(t.Context(), request)
	if err != nil || first.GetDocument().GetOfficerId() != "alice" || !first.GetDocument().GetCreatedAt().AsTime().Equal(morning) {
		t.Fatalf("placed %v, %v", first, err)
	}
	w.clock.Advance(time.Hour)
	if again, err := client.PlaceDocument(t.Context(), request); err != nil || !proto.Equal(again, first) {
		t.Errorf("again %v, %v", again, err)
	}
	request.Text = "Something else."
	_, err = client.PlaceDocument(t.Context(), request)
	wantCode(t, err, codes.AlreadyExists)
	request.DocumentId, request.Crn = id(2).String(), secret.GetCrn()
	_, err = client.PlaceDocument(t.Context(), request)
	wantCode(t, err, codes.PermissionDenied)
	request.Crn = customer(3).GetCrn()
	_, err = client.PlaceDocument(t.Context(), request)
	wantCode(t, err, codes.NotFound)
	if n := w.count(t, "document"); n != 1 {
		t.Errorf("%d documents", n)
	}
}
