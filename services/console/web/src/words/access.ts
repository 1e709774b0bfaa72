import { AccessState } from "../gen/noticehub/processing/v1/restricted_pb";

/** Where a case of restricted access stands. */
export const accessStateWords: Record<AccessState, string> = {
  [AccessState.UNSPECIFIED]: "Not known",
  [AccessState.CONTACTED]: "Authority contacted",
  [AccessState.REQUESTED]: "Waits for a decision",
  [AccessState.LIFTED]: "Access lifted",
  [AccessState.KEPT]: "Access stays restricted",
  [AccessState.REINSTATED]: "Lift ended",
  [AccessState.EXPIRED]: "Lift ran out",
  [AccessState.CLOSED]: "Closed without a decision",
};

const steps: Record<string, string> = {
  contacted: "Authority contacted about restricted access",
  requested: "Risk assessment asked for",
  lifted: "Restricted access lifted for a time",
  kept: "Access kept restricted",
  viewed: "Restricted record looked at",
  reinstated: "Lift of restricted access ended",
  expired: "Lift of restricted access ran out",
  closed: "Case of restricted access closed",
};

export const stepWords = (step: string) => steps[step] ?? step;
