import { H2 } from "@ag.ds-next/react/heading";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { useQuery } from "@connectrpc/connect-query";
import { SubmissionStatus } from "../../gen/noticehub/event/v1/vocabulary_pb";
import { QueueService } from "../../gen/noticehub/processing/v1/queue_pb";
import { Failed } from "../../parts/Failed";
import { Loading } from "../../parts/Loading";
import { useSession } from "../../session/session";
import { emptyFilters, queuePath } from "../queue/filters";
import { QueueTable } from "../queue/QueueTable";

/** What the officer holds, oldest first. */
export function MyWork() {
  const { person } = useSession();
  const mine = useQuery(
    QueueService.method.searchSubmissions,
    { statuses: [SubmissionStatus.UNPROCESSED], assignedTo: person, includeHeld: true, pageSize: 20 },
    { refetchOnMount: "always" },
  );
  const rows = mine.data?.submissions ?? [];
  return (
    <Stack gap={1}>
      <H2 fontSize="lg" id="my-work">
        My entries
      </H2>
      {mine.isPending && <Loading what="your entries" />}
      {mine.error && <Failed error={mine.error} onRetry={() => void mine.refetch()} what="The list of your entries" />}
      {mine.data && rows.length === 0 && (
        <Text as="p">
          You hold no entry. <TextLink href={queuePath({ ...emptyFilters, unassigned: true })}>Take the oldest one nobody holds</TextLink>.
        </Text>
      )}
      {rows.length > 0 && <QueueTable labelledBy="my-work" rows={rows.map((summary) => ({ summary, gone: false }))} />}
      {mine.data?.nextPageToken && (
        <Text as="p">
          <TextLink href={queuePath({ ...emptyFilters, officer: person, held: true })}>See all of them in the queue</TextLink>
        </Text>
      )}
    </Stack>
  );
}
