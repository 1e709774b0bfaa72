package term

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
)

// Every term must have the number and the name of the contract's enum value.
func TestTermsEqualContract(t *testing.T) {
	for prefix, c := range map[string]struct {
		names []string
		enum  protoreflect.EnumDescriptor
	}{
		"BUSINESS_FUNCTION_": {functions, eventv1.BusinessFunction(0).Descriptor()},
		"MEASURE_":           {measures, eventv1.Measure(0).Descriptor()},
		"JURISDICTION_":      {jurisdictions, eventv1.Jurisdiction(0).Descriptor()},
		"INFORMATION_TYPE_":  {infoTypes, eventv1.InformationType(0).Descriptor()},
		"SUBMISSION_STATUS_": {statuses, eventv1.SubmissionStatus(0).Descriptor()},
		"OUTCOME_":           {outcomes, eventv1.Outcome(0).Descriptor()},
		"REJECTION_REASON_":  {reasons, eventv1.RejectionReason(0).Descriptor()},
		"NOTICE_STATE_":      {noticeStates, eventv1.NoticeState(0).Descriptor()},
	} {
		values := c.enum.Values()
		if values.Len() != len(c.names)+1 {
			t.Errorf("%s: %d terms, contract has %d values", prefix, len(c.names), values.Len()-1)
			continue
		}
		for i, n := range c.names {
			v := values.ByNumber(protoreflect.EnumNumber(i + 1))
			if v == nil || strings.TrimPrefix(string(v.Name()), prefix) != n {
				t.Errorf("%s%s: contract's number %d is %v", prefix, n, i+1, v)
			}
		}
	}
}

func TestParseIsInverse(t *testing.T) {
	for r := NoMatch; r <= TechnicalFailure; r++ {
		if got, err := ParseReason(r.String()); err != nil || got != r {
			t.Errorf("ParseReason(%q) = %v, %v", r.String(), got, err)
		}
	}
	if _, err := ParseOutcome("NOPE"); err == nil {
		t.Error("an unknown outcome was accepted")
	}
	if got := Outcome(0).String(); got != "" {
		t.Errorf("unset outcome prints %q", got)
	}
}
