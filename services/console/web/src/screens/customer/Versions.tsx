import { Button } from "@ag.ds-next/react/button";
import { H2 } from "@ag.ds-next/react/heading";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { CircumstanceService, type ListCustomerVersionsResponse } from "../../gen/noticehub/registry/v1/changes_pb";
import { Pager } from "../../parts/Pager";
import { Part } from "../../parts/Part";
import { Sheet } from "../../parts/Sheet";
import { useSession } from "../../session/session";
import { actorWords } from "../../words/actor";
import { partWords } from "../../words/customer";
import { moment } from "../../words/time";

/** What changed on the record, when and by whom. Reading it is on record too: it waits until asked for. */
export function Versions({ crn }: { crn: string }) {
  const [shown, setShown] = useState(false);
  return (
    <Stack gap={1}>
      <H2 fontSize="lg" id="versions">
        What changed and when
      </H2>
      <Button alignSelf="flex-start" aria-expanded={shown} onClick={() => setShown(!shown)} size="sm" variant="secondary">
        {shown ? "Hide" : "Show"} the changes of the record
      </Button>
      {shown && <Loaded crn={crn} />}
    </Stack>
  );
}

function Loaded({ crn }: { crn: string }) {
  const [pageToken, setPage] = useState("");
  const versions = useQuery(CircumstanceService.method.listCustomerVersions, { crn, pageSize: 10, pageToken }, { refetchOnMount: "always", gcTime: 0 });
  return (
    <Part id="versions" query={versions} what="the changes of the record">
      {(data) => (
        <Stack gap={1}>
          <VersionTable data={data} />
          <Pager first={!pageToken} label="Pages of changes" next={data.nextPageToken} onFirst={() => setPage("")} onNext={setPage} />
        </Stack>
      )}
    </Part>
  );
}

function VersionTable({ data }: { data: ListCustomerVersionsResponse }) {
  const { person } = useSession();
  if (data.versions.length === 0) return <Text as="p">There is no older change.</Text>;
  return (
    <Sheet
      heads={["When", "What changed", "By whom and why"]}
      labelledBy="versions"
      rows={data.versions.map((v) => ({
        key: String(v.recordVersion),
        cells: [
          moment(v.recordedAt),
          v.recordVersion === 1n ? "The record began" : v.changed.map(partWords).join(", ") || "Something another record says",
          `${actorWords(v.actor, person)}${v.reason && `: ${v.reason}`}`,
        ],
      }))}
    />
  );
}
