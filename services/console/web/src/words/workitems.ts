import { ActionedBy, ActivityKind, ActivityStatus, Group, State, WorkItemStatus } from "../gen/noticehub/workitem/v1/workitem_pb";

export const groupWords: Record<Group, string> = {
  [Group.UNSPECIFIED]: "Not shown",
  [Group.CARD]: "BasicsCard",
  [Group.GENERIC]: "Any measure",
  [Group.DEY_LTWPR]: "DEY and LTWPR",
  [Group.VOLUNTARY]: "Voluntary",
  [Group.VWPR]: "VWPR",
  [Group.CHILD_PROTECTION]: "Child protection",
  [Group.CHILD_PROTECTION_IMCO]: "Child protection, contact officers",
  [Group.IMPACT]: "IMPACT team",
};

/** Who may action an item, as a sentence has it. */
export const actionedByWords: Record<ActionedBy, string> = {
  [ActionedBy.UNSPECIFIED]: "nobody else",
  [ActionedBy.ANY]: "every officer",
  [ActionedBy.IMCO]: "contact officers (IMCO)",
  [ActionedBy.IMPACT]: "officers of the payment and contact team (IMPACT)",
};

export const itemStatusWords: Record<WorkItemStatus, string> = {
  [WorkItemStatus.UNSPECIFIED]: "Not known",
  [WorkItemStatus.OPEN]: "Open",
  [WorkItemStatus.INVESTIGATING]: "Being investigated",
  [WorkItemStatus.COMPLETED]: "Completed",
  [WorkItemStatus.CLOSED]: "Closed by a related activity",
};

export const stateWords: Record<State, string> = {
  [State.UNSPECIFIED]: "Open",
  [State.OPEN]: "Open",
  [State.CLOSED]: "Completed and closed",
  [State.ALL]: "All",
};

export const activityKindWords: Record<ActivityKind, string> = {
  [ActivityKind.UNSPECIFIED]: "Not known",
  [ActivityKind.INM_ACT]: "INM/ACT",
  [ActivityKind.FOLLOW_UP]: "Manual follow-up (MFU)",
};

export const activityStatusWords: Record<ActivityStatus, string> = {
  [ActivityStatus.UNSPECIFIED]: "Not known",
  [ActivityStatus.OPEN]: "Open",
  [ActivityStatus.COMPLETED]: "Completed",
  [ActivityStatus.CANCELLED]: "Cancelled",
};

/** The steps of an item's history, which the contract tells as text. */
const steps: Record<string, string> = {
  raised: "Raised",
  investigation: "Investigation started",
  reassigned: "Reassigned",
  "service component": "Service component recorded",
  completed: "Completed",
  closed: "Closed by a related activity",
};

export const stepWords = (action: string) => steps[action] ?? action;

export const hasEnded = (status: WorkItemStatus) => status === WorkItemStatus.COMPLETED || status === WorkItemStatus.CLOSED;
