import { BusinessFunction, InformationType, Measure, NoticeState, Outcome, RejectionReason, SubmissionStatus } from "../gen/noticehub/event/v1/vocabulary_pb";
import { Gender } from "../gen/noticehub/intake/v1/intake_pb";

/*
 * The contract's terms in plain words. Every screen takes them from here, so that
 * two screens never call the same thing differently. Each table is complete: a new
 * term in the contract does not compile until it has its words.
 */
export const functionWords: Record<BusinessFunction, string> = {
  [BusinessFunction.UNSPECIFIED]: "Not set",
  [BusinessFunction.CAPE_YORK]: "Cape York",
  [BusinessFunction.CHILD_PROTECTION]: "Child protection",
  [BusinessFunction.SUPPORTING_PEOPLE_AT_RISK]: "Supporting people at risk",
};

export const typeWords: Record<InformationType, string> = {
  [InformationType.UNSPECIFIED]: "Not set",
  [InformationType.FIND_MUTUAL_CLIENT]: "Find mutual client",
  [InformationType.DISCLOSURE_OF_INFORMATION]: "Disclosure of information",
  [InformationType.NOTICE_TO_COMMENCE]: "Notice to commence",
  [InformationType.NOTICE_TO_REVOKE]: "Notice to revoke",
  [InformationType.VOLUNTARY_REFERRAL]: "Voluntary referral",
  [InformationType.CHANGE_OF_CIRCUMSTANCES]: "Change of circumstances",
};

export const statusWords: Record<SubmissionStatus, string> = {
  [SubmissionStatus.UNSPECIFIED]: "Not known",
  [SubmissionStatus.PENDING]: "Lodged",
  [SubmissionStatus.AUTO_PROCESSING]: "Being processed",
  [SubmissionStatus.UNPROCESSED]: "Waiting for an officer",
  [SubmissionStatus.PROCESSED]: "Decided",
  [SubmissionStatus.RETURNED]: "Returned to the authority",
  [SubmissionStatus.WITHDRAWN]: "Withdrawn by the authority",
};

export const outcomeWords: Record<Outcome, string> = {
  [Outcome.UNSPECIFIED]: "No outcome yet",
  [Outcome.MATCHED]: "Matched",
  [Outcome.NOT_MATCHED]: "Not matched",
  [Outcome.ELIGIBLE]: "Eligible",
  [Outcome.NOT_ELIGIBLE]: "Not eligible",
  [Outcome.NOT_DISCLOSED]: "Not disclosed",
  [Outcome.COMMENCED]: "Commenced",
  [Outcome.EXTENDED]: "Extended",
  [Outcome.REVOKED]: "Revoked",
  [Outcome.REFERRAL_NOTED]: "Referral noted",
  [Outcome.NOT_ACCEPTED]: "Not accepted",
  [Outcome.RETURNED]: "Returned",
  [Outcome.WITHDRAWN]: "Withdrawn",
};

export const reasonWords: Record<RejectionReason, string> = {
  [RejectionReason.UNSPECIFIED]: "No reason",
  [RejectionReason.NO_MATCH]: "No match",
  [RejectionReason.POSSIBLE_MATCHES]: "Possible matches",
  [RejectionReason.ELIGIBILITY_NO_RESULT]: "Eligibility without result",
  [RejectionReason.RESTRICTED_ACCESS]: "Restricted access",
  [RejectionReason.CUSTOMER_NOT_IDENTIFIED]: "Customer not identified",
  [RejectionReason.CUSTOMER_DECEASED]: "Customer deceased",
  [RejectionReason.NO_ELIGIBLE_PAYMENT]: "No eligible payment",
  [RejectionReason.EXCLUDED_NOMINEE]: "Excluded nominee",
  [RejectionReason.OUTSIDE_DECLARED_AREA]: "Outside the declared area",
  [RejectionReason.HIGHER_MEASURE_IN_FORCE]: "Higher measure in force",
  [RejectionReason.MEASURE_TRANSFER_REVIEW]: "Transfer between measures",
  [RejectionReason.START_DATE_INVALID]: "Start date not possible",
  [RejectionReason.CURRENT_NOTICE_NOT_ENDING]: "Current notice not ending",
  [RejectionReason.CURRENT_NOTICE_OTHER_AUTHORITY]: "Other authority’s notice current",
  [RejectionReason.CONTINUATION_EXISTS]: "Continuation recorded already",
  [RejectionReason.PENDING_NOTICE_EXISTS]: "Another notice waits",
  [RejectionReason.REASONS_IN_TEXT]: "Reasons in the text",
  [RejectionReason.NO_NOTICE_TO_REVOKE]: "No notice to revoke",
  [RejectionReason.ACTIVE_NOTICE_NEEDS_OFFICER]: "Active notice needs an officer",
  [RejectionReason.END_DATE_WITHIN_28_DAYS]: "Ends within 28 days",
  [RejectionReason.DECLARATION_REQUIRED]: "Declaration required",
  [RejectionReason.TECHNICAL_FAILURE]: "Technical failure",
};

export const noticeStateWords: Record<NoticeState, string> = {
  [NoticeState.UNSPECIFIED]: "Not known",
  [NoticeState.INACTIVE]: "Waits to start",
  [NoticeState.ACTIVE]: "In force",
  [NoticeState.ENDED]: "Ended",
  [NoticeState.REVOKED]: "Revoked",
};

export const measureWords: Record<Measure, string> = {
  [Measure.UNSPECIFIED]: "None",
  [Measure.CYEIM]: "CYeIM",
  [Measure.CPEIM]: "CPeIM",
  [Measure.SPAREIM]: "SPaReIM",
  [Measure.SEAM]: "SEAM",
  [Measure.VWPR]: "VWPR",
  [Measure.DEY]: "DEY",
  [Measure.LTWPR]: "LTWPR",
  [Measure.VEIM]: "VeIM",
};

export const genderWords: Record<Gender, string> = {
  [Gender.UNSPECIFIED]: "Not stated",
  [Gender.FEMALE]: "Female",
  [Gender.MALE]: "Male",
  [Gender.OTHER]: "Another term",
};
