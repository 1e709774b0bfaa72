package registry_test

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// resolve asks and expects one answer for each query.
func (w *world) resolve(t testing.TB, queries ...*registryv1.CustomerQuery) []*registryv1.CustomerAnswer {
	t.Helper()
	got, err := w.as(t, service).ResolveCustomers(t.Context(), &registryv1.ResolveCustomersRequest{Queries: queries})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.GetAnswers()) != len(queries) {
		t.Fatalf("%d answers to %d queries", len(got.GetAnswers()), len(queries))
	}
	return got.GetAnswers()
}

func (w *world) find(t testing.TB, q *registryv1.CustomerQuery) *registryv1.CustomerAnswer {
	t.Helper()
	return w.resolve(t, q)[0]
}

func TestResolveByCRN(t *testing.T) {
	t.Parallel()
	w := setup(t)
	a, b, c, d := customer(1), customer(2), customer(3), customer(4)
	a.PartnerCrn = b.GetCrn()
	b.Payments = append(b.Payments, &registryv1.Payment{Code: "CARER_PAYMENT", Stopped: true})
	c.RestrictedAccess, c.DateOfDeath = true, "2026-01-31"
	c.PartnerCrn = "777777777Z" // not in the registry
	d.Payments = nil
	w.put(t, a, b, c, d)

	var queries []*registryv1.CustomerQuery
	for _, crn := range []string{d.GetCrn(), a.GetCrn(), "999999999Z", c.GetCrn(), a.GetCrn(), "", "no CRN \x00", b.GetCrn()} {
		queries = append(queries, &registryv1.CustomerQuery{Crn: crn})
	}
	got := w.resolve(t, queries...)
	for i, want := range []*registryv1.Customer{d, a, nil, c, a, nil, nil, b} {
		if want != nil {
			want = proto.CloneOf(want)
			want.RecordVersion = 1
		}
		if !proto.Equal(got[i].GetCustomer(), want) {
			t.Errorf("answer %d is %v, want %v", i, got[i].GetCustomer(), want)
		}
		partner := &registryv1.CustomerAnswer{}
		if want.GetCrn() == a.GetCrn() {
			partner.PartnerPayments = b.GetPayments()
		}
		if !proto.Equal(&registryv1.CustomerAnswer{PartnerPayments: got[i].GetPartnerPayments(), Candidates: got[i].GetCandidates()}, partner) {
			t.Errorf("answer %d: %v", i, got[i])
		}
	}
	if got := w.resolve(t); len(got) != 0 {
		t.Errorf("an empty batch gives %v", got)
	}
}

func TestResolveByParticulars(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ann, twin, other := customer(1), customer(2), customer(3)
	ann.Name = &registryv1.Name{FamilyName: "O'Brien", GivenName: "Ánn"}
	ann.Aliases = []*registryv1.Name{{FamilyName: "Smith", GivenName: "Ann"}, {FamilyName: "SMITH", GivenName: "ann"}}
	ann.PartnerCrn = other.GetCrn()
	twin.Name, twin.DateOfBirth = &registryv1.Name{FamilyName: "Smith", GivenName: "Ann"}, ann.GetDateOfBirth()
	twin.Addresses[0].Locality, twin.Addresses[0].Postcode = "Coen", "4892"
	w.put(t, ann, twin, other)

	name := func(family, given string) []*registryv1.Name {
		return []*registryv1.Name{{FamilyName: family, GivenName: given}}
	}
	born := ann.GetDateOfBirth()
	at := func(locality, postcode string) *registryv1.Address {
		return &registryv1.Address{Type: registryv1.AddressType_ADDRESS_TYPE_HOME, Locality: locality, Postcode: postcode}
	}
	for what, c := range map[string]struct {
		query *registryv1.CustomerQuery
		clear string
		found int
	}{
		"by name":                  {&registryv1.CustomerQuery{Names: name("OBRIEN", "ann"), DateOfBirth: born}, ann.GetCrn(), 1},
		"by either name":           {&registryv1.CustomerQuery{Names: append(name("Nobody", "N"), name("o brien", "Ann")...), DateOfBirth: born}, ann.GetCrn(), 1},
		"two of a name":            {&registryv1.CustomerQuery{Names: name("smith", "ann"), DateOfBirth: born}, "", 2},
		"two, one at this address": {&registryv1.CustomerQuery{Names: name("smith", "ann"), DateOfBirth: born, Address: at("COEN", "4892")}, twin.GetCrn(), 2},
		"two, one of this CRN":     {&registryv1.CustomerQuery{Crn: ann.GetCrn(), Names: name("smith", "ann"), DateOfBirth: born}, ann.GetCrn(), 2},
		"another's CRN":            {&registryv1.CustomerQuery{Crn: other.GetCrn(), Names: name("OBrien", "Ann"), DateOfBirth: born}, "", 2},
		"unknown CRN":              {&registryv1.CustomerQuery{Crn: "999999999Z", Names: name("OBrien", "Ann"), DateOfBirth: born}, "", 1},
		"CRN alone":                {&registryv1.CustomerQuery{Crn: ann.GetCrn()}, "", 0},
		"other birthday":           {&registryv1.CustomerQuery{Names: name("OBrien", "Ann"), DateOfBirth: "1950-01-01"}, "", 0},
		"impossible birthday":      {&registryv1.CustomerQuery{Names: name("OBrien", "Ann"), DateOfBirth: "1950-02-30"}, "", 0},
		"no birthday":              {&registryv1.CustomerQuery{Names: name("OBrien", "Ann")}, "", 0},
		"no letters":               {&registryv1.CustomerQuery{Names: name("--", ""), DateOfBirth: born}, "", 0},
	} {
		got := w.find(t, c.query)
		single := ""
		for _, candidate := range got.GetCandidates() {
			if candidate.GetClear() {
				single += candidate.GetCustomer().GetCrn()
			}
			if candidate.GetCustomer().GetRecordVersion() != 1 || len(candidate.GetContributions()) == 0 {
				t.Errorf("%s: %v", what, candidate)
			}
			if partnered := len(candidate.GetPartnerPayments()) > 0; partnered != (candidate.GetCustomer().GetCrn() == ann.GetCrn()) {
				t.Errorf("%s: partner's payments %v", what, candidate.GetPartnerPayments())
			}
		}
		if len(got.GetCandidates()) != c.found || single != c.clear {
			t.Errorf("%s: %d candidates, clear %q; want %d, %q: %v", what, len(got.GetCandidates()), single, c.found, c.clear, got)
		}
	}
}

func TestManyNamesakesAreNeverClear(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var crowd []*registryv1.Customer
	for i := range 60 {
		c := customer(i)
		c.Name, c.DateOfBirth = &registryv1.Name{FamilyName: "Doe", GivenName: "Jo"}, "1990-01-01"
		c.Addresses[0].Locality = fmt.Sprintf("Town %d", i)
		crowd = append(crowd, c)
	}
	w.put(t, crowd...)
	got := w.find(t, &registryv1.CustomerQuery{Names: []*registryv1.Name{crowd[0].GetName()}, DateOfBirth: "1990-01-01", Address: crowd[0].GetAddresses()[0]})
	if len(got.GetCandidates()) != 20 {
		t.Errorf("%d candidates, want 20", len(got.GetCandidates()))
	}
	for _, c := range got.GetCandidates() {
		if c.GetClear() {
			t.Errorf("clear among a crowd that was not looked through: %v", c)
		}
	}
}

func TestResolveLimits(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, err := w.as(t, service).ResolveCustomers(t.Context(), &registryv1.ResolveCustomersRequest{Queries: make([]*registryv1.CustomerQuery, 2001)})
	wantCode(t, err, codes.InvalidArgument)

	big := customer(1)
	for range 30 {
		big.Children = append(big.Children, &registryv1.Child{GivenName: strings.Repeat("x", 100), DateOfBirth: "2020-01-01"})
	}
	w.put(t, big)
	queries := make([]*registryv1.CustomerQuery, 2000)
	for i := range queries {
		queries[i] = &registryv1.CustomerQuery{Crn: big.GetCrn()}
	}
	_, err = w.as(t, service).ResolveCustomers(t.Context(), &registryv1.ResolveCustomersRequest{Queries: queries})
	wantCode(t, err, codes.InvalidArgument)
	if got := w.resolve(t, queries[:500]...); got[499].GetCustomer().GetCrn() != big.GetCrn() {
		t.Errorf("last answer %v", got[499])
	}
}
