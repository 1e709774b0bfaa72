package api

import (
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
)

// The contract's terms in plain words, for files that leave the hub. They are the
// console's (web/src/words), so that file and screen say the same; a test holds
// them together.
var (
	functionWords = map[eventv1.BusinessFunction]string{
		eventv1.BusinessFunction_BUSINESS_FUNCTION_CAPE_YORK:                 "Cape York",
		eventv1.BusinessFunction_BUSINESS_FUNCTION_CHILD_PROTECTION:          "Child protection",
		eventv1.BusinessFunction_BUSINESS_FUNCTION_SUPPORTING_PEOPLE_AT_RISK: "Supporting people at risk",
	}
	typeWords = map[eventv1.InformationType]string{
		eventv1.InformationType_INFORMATION_TYPE_FIND_MUTUAL_CLIENT:        "Find mutual client",
		eventv1.InformationType_INFORMATION_TYPE_DISCLOSURE_OF_INFORMATION: "Disclosure of information",
		eventv1.InformationType_INFORMATION_TYPE_NOTICE_TO_COMMENCE:        "Notice to commence",
		eventv1.InformationType_INFORMATION_TYPE_NOTICE_TO_REVOKE:          "Notice to revoke",
		eventv1.InformationType_INFORMATION_TYPE_VOLUNTARY_REFERRAL:        "Voluntary referral",
		eventv1.InformationType_INFORMATION_TYPE_CHANGE_OF_CIRCUMSTANCES:   "Change of circumstances",
	}
	statusWords = map[eventv1.SubmissionStatus]string{
		eventv1.SubmissionStatus_SUBMISSION_STATUS_PENDING:         "Lodged",
		eventv1.SubmissionStatus_SUBMISSION_STATUS_AUTO_PROCESSING: "Being processed",
		eventv1.SubmissionStatus_SUBMISSION_STATUS_UNPROCESSED:     "Waiting for an officer",
		eventv1.SubmissionStatus_SUBMISSION_STATUS_PROCESSED:       "Decided",
		eventv1.SubmissionStatus_SUBMISSION_STATUS_RETURNED:        "Returned to the authority",
		eventv1.SubmissionStatus_SUBMISSION_STATUS_WITHDRAWN:       "Withdrawn by the authority",
	}
	outcomeWords = map[eventv1.Outcome]string{
		eventv1.Outcome_OUTCOME_MATCHED:        "Matched",
		eventv1.Outcome_OUTCOME_NOT_MATCHED:    "Not matched",
		eventv1.Outcome_OUTCOME_ELIGIBLE:       "Eligible",
		eventv1.Outcome_OUTCOME_NOT_ELIGIBLE:   "Not eligible",
		eventv1.Outcome_OUTCOME_NOT_DISCLOSED:  "Not disclosed",
		eventv1.Outcome_OUTCOME_COMMENCED:      "Commenced",
		eventv1.Outcome_OUTCOME_EXTENDED:       "Extended",
		eventv1.Outcome_OUTCOME_REVOKED:        "Revoked",
		eventv1.Outcome_OUTCOME_REFERRAL_NOTED: "Referral noted",
		eventv1.Outcome_OUTCOME_NOT_ACCEPTED:   "Not accepted",
		eventv1.Outcome_OUTCOME_RETURNED:       "Returned",
		eventv1.Outcome_OUTCOME_WITHDRAWN:      "Withdrawn",
	}
	reasonWords = map[eventv1.RejectionReason]string{
		eventv1.RejectionReason_REJECTION_REASON_NO_MATCH:                       "No match",
		eventv1.RejectionReason_REJECTION_REASON_POSSIBLE_MATCHES:               "Possible matches",
		eventv1.RejectionReason_REJECTION_REASON_ELIGIBILITY_NO_RESULT:          "Eligibility without result",
		eventv1.RejectionReason_REJECTION_REASON_RESTRICTED_ACCESS:              "Restricted access",
		eventv1.RejectionReason_REJECTION_REASON_CUSTOMER_NOT_IDENTIFIED:        "Customer not identified",
		eventv1.RejectionReason_REJECTION_REASON_CUSTOMER_DECEASED:              "Customer deceased",
		eventv1.RejectionReason_REJECTION_REASON_NO_ELIGIBLE_PAYMENT:            "No eligible payment",
		eventv1.RejectionReason_REJECTION_REASON_EXCLUDED_NOMINEE:               "Excluded nominee",
		eventv1.RejectionReason_REJECTION_REASON_OUTSIDE_DECLARED_AREA:          "Outside the declared area",
		eventv1.RejectionReason_REJECTION_REASON_HIGHER_MEASURE_IN_FORCE:        "Higher measure in force",
		eventv1.RejectionReason_REJECTION_REASON_MEASURE_TRANSFER_REVIEW:        "Transfer between measures",
		eventv1.RejectionReason_REJECTION_REASON_START_DATE_INVALID:             "Start date not possible",
		eventv1.RejectionReason_REJECTION_REASON_CURRENT_NOTICE_NOT_ENDING:      "Current notice not ending",
		eventv1.RejectionReason_REJECTION_REASON_CURRENT_NOTICE_OTHER_AUTHORITY: "Other authority’s notice current",
		eventv1.RejectionReason_REJECTION_REASON_CONTINUATION_EXISTS:            "Continuation recorded already",
		eventv1.RejectionReason_REJECTION_REASON_PENDING_NOTICE_EXISTS:          "Another notice waits",
		eventv1.RejectionReason_REJECTION_REASON_REASONS_IN_TEXT:                "Reasons in the text",
		eventv1.RejectionReason_REJECTION_REASON_NO_NOTICE_TO_REVOKE:            "No notice to revoke",
		eventv1.RejectionReason_REJECTION_REASON_ACTIVE_NOTICE_NEEDS_OFFICER:    "Active notice needs an officer",
		eventv1.RejectionReason_REJECTION_REASON_END_DATE_WITHIN_28_DAYS:        "Ends within 28 days",
		eventv1.RejectionReason_REJECTION_REASON_DECLARATION_REQUIRED:           "Declaration required",
		eventv1.RejectionReason_REJECTION_REASON_TECHNICAL_FAILURE:              "Technical failure",
	}
)
