import {
  AllocationMethod, CarerAllowanceStatus, ExemptionStatus, ExpenseKind, PaymentStatus, PenaltyKind, ServiceOfferKind, ServiceOfferResult,
} from "../gen/noticehub/registry/v1/circumstances_pb";
import { AddressType } from "../gen/noticehub/registry/v1/registry_pb";

/*
 * The terms of a customer's record in plain words.
 */
export const addressTypeWords: Record<AddressType, string> = {
  [AddressType.UNSPECIFIED]: "Address",
  [AddressType.HOME]: "Home address (HOM)",
  [AddressType.TEMPORARY]: "Temporary address (TEM)",
  [AddressType.TERM]: "Term address (TER)",
  [AddressType.POSTAL]: "Postal address (POS)",
};

export const paymentStatusWords: Record<PaymentStatus, string> = {
  [PaymentStatus.UNSPECIFIED]: "Current",
  [PaymentStatus.CURRENT]: "Current",
  [PaymentStatus.SUSPENDED]: "Suspended",
  [PaymentStatus.CANCELLED]: "Cancelled",
  [PaymentStatus.RESTORED]: "Restored",
};

export const carerWords: Record<CarerAllowanceStatus, string> = {
  [CarerAllowanceStatus.UNSPECIFIED]: "",
  [CarerAllowanceStatus.NONE]: "Not received",
  [CarerAllowanceStatus.CURRENT]: "Current",
  [CarerAllowanceStatus.SUSPENDED]: "Suspended",
  [CarerAllowanceStatus.CANCELLED]: "Cancelled",
};

export const expenseWords: Record<ExpenseKind, string> = {
  [ExpenseKind.UNSPECIFIED]: "Expense",
  [ExpenseKind.CARD]: "Card allocation",
  [ExpenseKind.RENT]: "Rent or board",
  [ExpenseKind.RENT_DEDUCTION_SCHEME]: "Rent Deduction Scheme",
  [ExpenseKind.SCHOOL_MEALS]: "School Meals Program",
  [ExpenseKind.UTILITIES]: "Utilities",
  [ExpenseKind.OTHER]: "Other expense",
};

export const methodWords: Record<AllocationMethod, string> = {
  [AllocationMethod.UNSPECIFIED]: "",
  [AllocationMethod.RESIDUAL]: "Residual payment method",
  [AllocationMethod.PARTIAL]: "Partial payment method",
};

export const exemptionWords: Record<ExemptionStatus, string> = {
  [ExemptionStatus.UNSPECIFIED]: "Not known",
  [ExemptionStatus.APPLIED]: "Applied for",
  [ExemptionStatus.EVIDENCE_REQUESTED]: "Evidence asked for",
  [ExemptionStatus.GRANTED]: "Granted",
  [ExemptionStatus.REJECTED]: "Rejected",
  [ExemptionStatus.ENDED]: "Ended",
};

export const offerWords: Record<ServiceOfferKind, string> = {
  [ServiceOfferKind.UNSPECIFIED]: "Offer",
  [ServiceOfferKind.CIM_EXEMPTION]: "Exemption offer",
  [ServiceOfferKind.UNRESTRICTED_CASH_PAYMENT]: "20 % unrestricted cash payment",
};

export const offerResultWords: Record<ServiceOfferResult, string> = {
  [ServiceOfferResult.UNSPECIFIED]: "no result",
  [ServiceOfferResult.DISCUSSED]: "discussed",
  [ServiceOfferResult.ACCEPTED]: "accepted",
  [ServiceOfferResult.DECLINED]: "declined",
};

export const penaltyWords: Record<PenaltyKind, string> = {
  [PenaltyKind.UNSPECIFIED]: "Penalty",
  [PenaltyKind.PENALTY]: "Compliance penalty",
  [PenaltyKind.NON_PAYMENT_PERIOD]: "Non-payment period",
};

/** "Jobseeker payment" of JOBSEEKER_PAYMENT, "Rent type" of rent_type: the record's own codes, read out. */
export function codeWords(code: string): string {
  const text = code.replaceAll("_", " ").toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Parts of a record whose names in the contract are not what officers say. */
const parts: Record<string, string> = {
  partner_crn: "Partner",
  children: "Children in care",
  nominee: "Payment nominee",
  nominee_for: "Nominee for others",
  account: "Income management account",
  card: "BasicsCard",
  payday_code: "Payday code (EPEDC)",
  register_measure: "Measure of the register",
  other_measure: "Measure outside the register",
  carer_allowance: "Carer’s Allowance",
  partner_carer_allowance: "Partner’s Carer’s Allowance",
  aliases: "Other names",
};

export const partWords = (part: string) => parts[part] ?? codeWords(part);

const dollars = new Intl.NumberFormat("en-AU", { style: "currency", currency: "AUD" });

/** "$1,250.00" of cents. */
export const money = (cents: bigint) => dollars.format(Number(cents) / 100);
