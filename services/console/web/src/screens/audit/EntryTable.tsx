import { StatusBadge } from "@ag.ds-next/react/status-badge";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { auditEntryPath } from "../../app/routes";
import { Result, type Entry } from "../../gen/noticehub/audit/v1/audit_pb";
import { Code } from "../../parts/Raw";
import { Sheet } from "../../parts/Sheet";
import { logActorWords, resultWords } from "../../words/audit";
import { preciseMoment } from "./preciseMoment";

const heads = ["Entry", "Who", "What", "Object", "Result"];

/** Entries in the order they came. */
export function EntryTable({ entries, labelledBy }: { entries: Entry[]; labelledBy: string }) {
  return (
    <Sheet
      heads={heads}
      labelledBy={labelledBy}
      rows={entries.map((e) => ({
        key: String(e.position),
        cells: [
          <Stack gap={0.25}>
            <TextLink href={auditEntryPath(e.position)}>{`Entry ${e.position}`}</TextLink>
            <Text fontSize="xs" fontWeight="normal">
              {preciseMoment(e.recordedAt)}
            </Text>
          </Stack>,
          logActorWords(e.actor),
          <Stack gap={0.25}>
            <Text fontWeight="bold">{e.action}</Text>
            <Text color="muted" fontSize="xs">
              {e.service}
            </Text>
          </Stack>,
          e.object ? <Code>{e.object}</Code> : "–",
          <Stack gap={0.25}>
            <ResultBadge result={e.result} />
            {e.reason && <Text fontSize="xs">{e.reason}</Text>}
          </Stack>,
        ],
      }))}
    />
  );
}

export const ResultBadge = ({ result }: { result: Result }) => <StatusBadge label={resultWords[result]} tone={result === Result.REFUSED ? "warningLow" : "successLow"} />;
