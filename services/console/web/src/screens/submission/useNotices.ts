import { useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { RegisterService, type GetSubmissionDetailResponse, type Notice } from "../../gen/noticehub/processing/v1/queue_pb";
import { crnProblem } from "../../parts/crn";
import { codesPeriod, customerOf, namesCustomer, type Answers } from "./outcomeRequest";
import { Outcome } from "../../gen/noticehub/event/v1/vocabulary_pb";

export type Notices = {
  /** Of the customer the outcome is about; undefined while nobody has looked. */
  notices?: Notice[];
  /** Reads the register of a customer the officer identified. It is on record, so it is done when asked for. */
  lookUp?: () => void;
  crn: string;
  pending: boolean;
  error: unknown;
};

/** The notices an outcome would change. */
export function useNotices(a: Answers, detail: GetSubmissionDetailResponse): Notices {
  const [asked, setAsked] = useState("");
  const crn = namesCustomer(a.outcome, detail.summary?.reasons ?? []) ? customerOf(a, detail) : (detail.summary?.crn ?? "");
  const changes = codesPeriod(a.outcome) || a.outcome === Outcome.REVOKED;
  const other = changes && crn !== detail.summary?.crn;
  const found = useQuery(RegisterService.method.listNotices, { crn: asked }, { enabled: other && asked !== "" && asked === crn, gcTime: 0 });
  if (!other) return { notices: detail.notices, crn, pending: false, error: null };
  const looked = asked === crn;
  return {
    notices: looked ? found.data?.notices : undefined,
    lookUp: crnProblem(crn) || (looked && found.data) ? undefined : () => (looked ? void found.refetch() : setAsked(crn)),
    crn,
    pending: looked && found.isFetching,
    error: looked ? found.error : null,
  };
}
