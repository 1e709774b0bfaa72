import { callUnaryMethod, useTransport } from "@connectrpc/connect-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { WorkItemService, type CountWorkItemsResponse } from "../../gen/noticehub/workitem/v1/workitem_pb";
import { useStream } from "../../live/useStream";
import { useReread } from "../../parts/useReread";
import { businessNow } from "../../words/time";

const { method } = WorkItemService;

const sign = (c: CountWorkItemsResponse) => c.counts.map((x) => `${x.code}/${x.office}=${x.open}`).sort().join(" ");

/**
 * Reads the customer's items and activities again when the hub says that they
 * changed. Without a stream only numbers are asked for, which name nobody. Returns
 * when something last changed, in business time; 0 when nothing did.
 */
export function useCustomerLive(crn: string) {
  const transport = useTransport();
  const reread = useReread();
  const [changedAt, setChangedAt] = useState(0);
  const counts = useRef<string>(undefined);
  const missed = useRef(false);
  const again = useCallback(() => {
    setChangedAt(businessNow());
    void reread(method.listCustomerWorkItems, method.listActivities);
  }, [reread]);
  const compare = (c: CountWorkItemsResponse, care: boolean) => {
    const now = sign(c);
    const differ = counts.current !== undefined && counts.current !== now;
    counts.current = now;
    if (care && differ) again();
    return differ;
  };
  const live = useStream(
    method.watchWorkItems,
    { crn },
    (m) => {
      // What happened while nobody watched shows only in the counts.
      const seen = m.counts ? compare(m.counts, missed.current) : false;
      if (m.customerChanged && !(seen && missed.current)) again();
      missed.current = false;
    },
    () => {
      missed.current = true;
      callUnaryMethod(transport, method.countWorkItems, {}).then(
        (c) => compare(c, true),
        () => undefined, // the next look comes in a second
      );
    },
  );
  useEffect(() => {
    if (live === "paused") missed.current = true;
  }, [live]);
  return { live, changedAt };
}
