import { H2 } from "@ag.ds-next/react/heading";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { useMemo } from "react";
import { Facts } from "../../parts/Facts";
import { Failed } from "../../parts/Failed";
import { Loading } from "../../parts/Loading";
import { useSession } from "../../session/session";
import { isDueToday } from "../queue/due";
import { queuePath, searchOf } from "../queue/filters";
import { News } from "../queue/ListParts";
import { presets } from "../queue/Presets";
import { QueueTable } from "../queue/QueueTable";
import { usePage, type Row } from "../queue/usePage";

const pageSize = 20;

/** What the officer holds, oldest first, and what of it runs out today. */
export function MyWork() {
  const { person } = useSession();
  const request = useMemo(() => {
    const mine = searchOf(presets.mine, person);
    mine.pageSize = pageSize;
    return mine;
  }, [person]);
  const { page, rows, added, put } = usePage(request);
  return (
    <Stack as="section" aria-labelledby="my-work" gap={1}>
      <H2 fontSize="lg" id="my-work">
        My entries
      </H2>
      {page.isPending && <Loading what="your entries" />}
      {page.error && <Failed error={page.error} onRetry={() => void page.refetch()} what="The list of your entries" />}
      {page.data && <News added={added} onLoad={() => void page.refetch()} />}
      {page.data && rows.length === 0 && (
        <Text as="p">
          You hold no entry. <TextLink href={queuePath(presets.unassigned)}>Take the oldest one nobody holds</TextLink>.
        </Text>
      )}
      {rows.length > 0 && <Held more={page.data?.nextPageToken !== ""} put={put} rows={rows} />}
    </Stack>
  );
}

function Held({ rows, more, put }: { rows: Row[]; more: boolean; put: (s: Row["summary"]) => void }) {
  const { person } = useSession();
  const mine = rows.filter((r) => !r.gone && r.summary.heldBy === person);
  const due = mine.filter((r) => isDueToday(r.summary)).length;
  const atLeast = more ? " or more" : "";
  return (
    <Stack gap={1}>
      <Facts
        facts={[
          ["Held by you", <TextLink href={queuePath(presets.mine)}>{`${mine.length}${atLeast}`}</TextLink>],
          ["Due today", <TextLink href={queuePath(presets.due)}>{`${due}${atLeast}`}</TextLink>],
        ]}
      />
      <QueueTable labelledBy="my-work" onActed={put} rows={rows} />
    </Stack>
  );
}
