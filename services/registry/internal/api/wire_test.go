package api

import (
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/proto/term"
)

// The numbers written by hand are those of the contract.
func TestFieldNumbers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		message proto.Message
		name    protoreflect.Name
		number  protowire.Number
	}{
		{&registryv1.Customer{}, "payments", customerPayments},
		{&registryv1.ResolveCustomersResponse{}, "answers", responseAnswers},
		{&registryv1.CustomerAnswer{}, "customer", customerField},
		{&registryv1.CustomerAnswer{}, "partner_payments", answerPartnerPayments},
		{&registryv1.CustomerAnswer{}, "candidates", answerCandidates},
		{&registryv1.CustomerAnswer{}, "partner_told", answerPartnerTold},
		{&registryv1.Candidate{}, "partner_told", candidatePartnerTold},
		{&registryv1.Candidate{}, "customer", customerField},
		{&registryv1.Candidate{}, "score", candidateScore},
		{&registryv1.Candidate{}, "clear", candidateClear},
		{&registryv1.Candidate{}, "contributions", candidateContributions},
		{&registryv1.Candidate{}, "partner_payments", candidatePartnerPayments},
	} {
		f := c.message.ProtoReflect().Descriptor().Fields().ByName(c.name)
		if f == nil || f.Number() != c.number {
			t.Errorf("%s of %T is %v, not number %d", c.name, c.message, f, c.number)
		}
	}
}

// What is put together by hand decodes to what the generated code would make.
func TestCandidateBytes(t *testing.T) {
	t.Parallel()
	partner := &registryv1.Customer{Crn: "100000002B", Payments: []*registryv1.Payment{
		{Code: "AGE_PENSION", FortnightlyCents: 98_765, FromDate: "2020-01-01"}, {Code: "CARER_PAYMENT", Stopped: true},
	}}
	// Fields before and after those appended to the body.
	record := &registryv1.Customer{
		Crn: "100000001A", Name: &registryv1.Name{FamilyName: "Näme"}, RestrictedAccess: true, Office: "CNS",
		Expenses: []*registryv1.Expense{{ExpenseId: "e1", AllocationCents: 100}}, LeftDeclaredAreaOn: "2026-01-31",
	}
	want := proto.CloneOf(record)
	want.RegisterMeasure, want.RecordVersion = eventv1.Measure_MEASURE_CPEIM, 300
	body, partnerBody := encode(t, record), encode(t, partner)

	customer := appendCustomer(nil, body, term.CPeIM, 300)
	payments, err := appendPayments(nil, candidatePartnerPayments, partnerBody)
	if err != nil {
		t.Fatal(err)
	}
	answer := appendCustomer(nil, body, term.CPeIM, 300)
	answer = appendCandidate(answer, customer, 87.5, true, []string{"crn: exact", "gender: differs"}, payments)
	answer = appendCandidate(answer, customer, 0, false, nil, nil)
	if answer, err = appendPayments(answer, answerPartnerPayments, partnerBody); err != nil {
		t.Fatal(err)
	}
	got := new(registryv1.CustomerAnswer)
	if err := proto.Unmarshal(answer, got); err != nil {
		t.Fatal(err)
	}
	expected := &registryv1.CustomerAnswer{
		Customer: want, PartnerPayments: partner.GetPayments(),
		Candidates: []*registryv1.Candidate{
			{Customer: want, Score: 87.5, Clear: true, Contributions: []string{"crn: exact", "gender: differs"}, PartnerPayments: partner.GetPayments()},
			{Customer: want},
		},
	}
	if !proto.Equal(got, expected) {
		t.Errorf("decoded\n%v\nwant\n%v", got, expected)
	}
}

func TestBrokenPartnerIsReported(t *testing.T) {
	t.Parallel()
	if _, err := appendPayments(nil, 2, []byte{0x3a, 0x7f, 1}); err == nil {
		t.Error("a truncated record was accepted")
	}
	if _, err := appendPayments(nil, 2, []byte{0xff}); err == nil {
		t.Error("a truncated tag was accepted")
	}
}

func TestIsCRN(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"100000001A": true, "": false, "100000001a": false, "10000000AA": false, "1000000011": false, "\x00000000001A": false, "0100000001A": false,
	} {
		if isCRN(s) != want {
			t.Errorf("isCRN(%q) = %v", s, !want)
		}
	}
}

func FuzzPageToken(f *testing.F) {
	f.Add("")
	f.Add("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("__________________________________")
	f.Fuzz(func(t *testing.T, token string) {
		p, err := readToken(token)
		if err != nil || p == nil {
			return
		}
		again, err := readToken(writeToken(*p))
		if err != nil || *again != *p {
			t.Fatalf("%q reads as %v, which writes to %v, %v", token, p, again, err)
		}
		if y := p.CreatedAt.Year(); y < 1970 || y > 9999 {
			t.Fatalf("%q is in the year %d", token, y)
		}
	})
}

func encode(t *testing.T, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
