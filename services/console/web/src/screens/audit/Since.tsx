import { Button } from "@ag.ds-next/react/button";
import { Flex } from "@ag.ds-next/react/flex";
import { Text } from "@ag.ds-next/react/text";
import { useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { AuditService } from "../../gen/noticehub/audit/v1/audit_pb";
import { watching } from "../../live/pause";

/** The size of the log is no entry of the log: asking leaves none. */
const askEvery = 3_000;

/** How much the log has grown since the search; the list itself holds still. */
export function Since({ at, onAgain }: { at: number; onAgain: () => void }) {
  const log = useQuery(AuditService.method.getCheckpoint, {}, { refetchOnMount: "always", refetchInterval: () => (watching() ? askEvery : false), gcTime: 0 });
  const [base, setBase] = useState<{ at: number; size: bigint }>();
  // The first size that was told after the search is what later ones are compared with.
  if (log.data && log.dataUpdatedAt >= at && base?.at !== at) setBase({ at, size: log.data.size });
  const added = log.data && base ? log.data.size - base.size : 0n;
  if (added <= 0n) return null;
  return (
    <Flex alignItems="center" flexWrap="wrap" gap={0.75}>
      <Text as="p">
        {String(added)} {added === 1n ? "entry" : "entries"} of any kind since you searched, your search itself among them.
      </Text>
      <Button onClick={onAgain} size="sm" variant="secondary">
        Search again
      </Button>
    </Flex>
  );
}
