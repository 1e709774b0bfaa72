package autoprocessing_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// What is decided and disclosed of one customer tells nothing of a partner whose
// record is restricted: neither the authority nor an officer learns of the
// partner's payments, nor the authority who the partner is.
func TestARestrictedPartnerIsNotDisclosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hidden := w.registry.knows(someone(9), restricted, func(c *registryv1.Customer) {
		c.Payments = []*registryv1.Payment{{Code: "AGE_PENSION", FortnightlyCents: 4242, FromDate: "2025-01-06"}}
	})
	partnered := func(c *registryv1.Customer) { c.PartnerCrn = hidden.crn }
	paid := w.registry.knows(someone(1), partnered)
	unpaid := w.registry.knows(someone(2), partnered, withoutPayments)
	s, u := w.lodgings.lodge(qldCP, disclose(paid)), w.lodgings.lodge(qldCP, disclose(unpaid))
	w.decide(s, u)
	got, err := w.disclosures.GetDisclosure(asAuthority("qld-cp"), &processingv1.GetDisclosureRequest{SubmissionId: id(s)})
	if err != nil || got.GetDisclosure().GetResult() != eventv1.Outcome_OUTCOME_ELIGIBLE || strings.Contains(prototext.Format(got), hidden.crn) {
		t.Errorf("disclosed %v, %v", got, err)
	}
	d := w.detailAs(alice(), id(u))
	if d.GetSummary().GetStatus() != eventv1.SubmissionStatus_SUBMISSION_STATUS_UNPROCESSED || strings.Contains(prototext.Format(d), "AGE_PENSION") {
		t.Errorf("the partner's payments decide: %v", d)
	}
}

// A partner restricted after a decision is masked in its trace from then on.
func TestAPartnerRestrictedLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pension := func(c *registryv1.Customer) {
		c.Payments = []*registryv1.Payment{{Code: "AGE_PENSION", FortnightlyCents: 4242, FromDate: "2025-01-06"}}
	}
	partner := w.registry.knows(someone(9), pension)
	p := w.registry.knows(someone(1), withoutPayments, func(c *registryv1.Customer) { c.PartnerCrn = partner.crn })
	s := w.lodgings.lodge(qldCP, disclose(p))
	w.decide(s)
	if d := w.detailAs(alice(), id(s)); !strings.Contains(prototext.Format(d), "AGE_PENSION") {
		t.Fatal("the partner's payments did not decide: nothing is proved")
	}
	w.registry.knows(partner, pension, restricted)
	d := w.detailAs(alice(), id(s))
	if strings.Contains(prototext.Format(d), "AGE_PENSION") {
		t.Errorf("the trace tells of the partner: %v", d)
	}
	for _, v := range d.GetDecisions()[0].GetVerdicts() {
		if strings.Contains(v.GetText(), "category A") && v.GetPassed() {
			t.Errorf("the verdict tells of the partner: %v", v)
		}
	}
	if d := w.detailAs(rita(), id(s)); !strings.Contains(prototext.Format(d), "AGE_PENSION") {
		t.Error("the Restricted Access officer does not see what decided")
	}
}
