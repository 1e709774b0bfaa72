import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, LocalizedMessageSchema } from "../gen/google/rpc/error_details_pb";

/** Why a call failed, in the hub's one vocabulary (pkg/fault). */
export type Fault = {
  code: Code;
  /** UPPER_SNAKE, such as SUBMISSION_CHANGED; empty when the hub was not reached. */
  reason: string;
  message: string;
  /** What to do; may be empty. */
  help: string;
  meta: Record<string, string>;
  /** What is wrong with which field, by its name in the contract. */
  fields: { path: string; description: string }[];
};

export function faultOf(error: unknown): Fault {
  const e = ConnectError.from(error);
  const info = e.findDetails(ErrorInfoSchema)[0];
  return {
    code: e.code,
    reason: info?.reason ?? "",
    message: e.rawMessage,
    help: e.findDetails(LocalizedMessageSchema)[0]?.message ?? "",
    meta: info?.metadata ?? {},
    fields: e.findDetails(BadRequestSchema).flatMap((b) => b.fieldViolations.map((v) => ({ path: v.field, description: v.description }))),
  };
}

/** The sorts of failure a screen tells apart. */
export type FaultSort = "signed-out" | "not-allowed" | "not-found" | "conflict" | "invalid" | "unreachable" | "broken";

const sorts: Partial<Record<Code, FaultSort>> = {
  [Code.Unauthenticated]: "signed-out",
  [Code.PermissionDenied]: "not-allowed",
  [Code.NotFound]: "not-found",
  [Code.Aborted]: "conflict",
  [Code.AlreadyExists]: "conflict",
  [Code.InvalidArgument]: "invalid",
  [Code.FailedPrecondition]: "invalid",
  [Code.OutOfRange]: "invalid",
  [Code.Unavailable]: "unreachable",
  [Code.DeadlineExceeded]: "unreachable",
  [Code.ResourceExhausted]: "unreachable",
  [Code.Canceled]: "unreachable",
};

export function sortOf(f: Fault): FaultSort {
  // A browser that cannot reach the hub at all says only that fetching failed.
  if (f.code === Code.Unknown && !f.reason) return "unreachable";
  return sorts[f.code] ?? "broken";
}
