import { H2 } from "@ag.ds-next/react/heading";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { useQuery } from "@connectrpc/connect-query";
import { reportPath, routes, submissionPath, workItemPath } from "../../app/routes";
import { ScreenTitle } from "../../app/ScreenTitle";
import { AuditService, type Entry } from "../../gen/noticehub/audit/v1/audit_pb";
import { Facts } from "../../parts/Facts";
import { Failed } from "../../parts/Failed";
import { Loading } from "../../parts/Loading";
import { NotOpen } from "../../parts/NotOpen";
import { Part } from "../../parts/Part";
import { Code } from "../../parts/Raw";
import { TraceId } from "../../parts/TraceId";
import { hex } from "../../parts/saveFile";
import { Trail } from "../../parts/Trail";
import { useSession } from "../../session/session";
import { logActorWords } from "../../words/audit";
import { EntryTable, ResultBadge } from "./EntryTable";
import { auditPath } from "./filters";
import { preciseMoment } from "./preciseMoment";
import { Proof } from "./Proof";

/** Positions of 18 digits fit the contract's. */
const isPosition = /^\d{1,18}$/;

export function AuditEntry({ position }: { position: string }) {
  const { roles } = useSession();
  const title = `Entry ${position}`;
  return (
    <Stack gap={2}>
      <Trail links={[{ label: "Home", href: routes.home }, { label: "Audit", href: routes.audit }, { label: title }]} />
      <ScreenTitle name={title}>{title}</ScreenTitle>
      {!roles.includes("auditor") ? (
        <NotOpen to="Auditors read it: it tells what colleagues do." what="The audit log is" />
      ) : isPosition.test(position) ? (
        <Loaded position={BigInt(position)} />
      ) : (
        <Text as="p">
          Entries are numbered 0, 1, 2 and so on; this is no number of one. <TextLink href={routes.audit}>Search the log</TextLink>
        </Text>
      )}
    </Stack>
  );
}

function Loaded({ position }: { position: bigint }) {
  // Looking is on record: it is read once, when it is opened.
  const found = useQuery(AuditService.method.getEntry, { name: { case: "position", value: position } });
  const entry = found.data?.entries[0];
  if (found.isPending) return <Loading what="the entry" />;
  if (!entry) return <Failed error={found.error} onRetry={() => void found.refetch()} what="The entry" />;
  return (
    <>
      <Told entry={entry} />
      <Proof entry={entry} />
      <Record entry={entry} />
    </>
  );
}

function Told({ entry: e }: { entry: Entry }) {
  const details = Object.entries(e.detail).sort(([a], [b]) => a.localeCompare(b));
  return (
    <Stack gap={1}>
      <Facts
        facts={[
          ["Action", e.action],
          ["Result", <ResultBadge result={e.result} />],
          ["Reason", e.reason],
          [
            "Who",
            <Stack gap={0.25}>
              <Text>{logActorWords(e.actor)}</Text>
              <TextLink href={auditPath({ actor: e.actor })}>All entries of {e.actor}</TextLink>
            </Stack>,
          ],
          ["Object", e.object ? <Named object={e.object} /> : ""],
          ["Version after it", e.version > 0n ? String(e.version) : ""],
          ["Recorded", preciseMoment(e.recordedAt)],
          ["Service", e.service],
          ["Method", e.method ? <Code>{e.method}</Code> : ""],
          ["Session", e.session ? <Code>{e.session}</Code> : ""],
          ["Trace", e.trace ? <TraceId id={e.trace} of="the entry" /> : ""],
          ["Digest of what was written or shown", e.digest.length > 0 ? <Code>{hex(e.digest)}</Code> : ""],
          ["Record", <Code>{e.recordId}</Code>],
        ]}
      />
      {details.length > 0 && (
        <>
          <H2 fontSize="lg">Facts about it</H2>
          <Facts facts={details.map(([name, value]) => [name, <Detail name={name} value={value} />])} />
        </>
      )}
    </Stack>
  );
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The screen of an object of the log, when it has one. */
function screenOf(object: string): string | undefined {
  const [kind, id = ""] = object.split(/\/(.*)/s);
  if (kind === "submission" && uuid.test(id)) return submissionPath(id);
  if ((kind === "work-item" || kind === "work_item") && id) return workItemPath(id);
  const report = /^([a-z0-9-]+)\/(\d{4}-\d{2}-\d{2})$/.exec(id);
  if (kind === "report" && report) return reportPath(report[1]!, report[2]!);
  return undefined;
}

function Named({ object }: { object: string }) {
  const href = screenOf(object);
  return (
    <Stack gap={0.25}>
      {href ? <TextLink href={href}>{object}</TextLink> : <Code>{object}</Code>}
      <TextLink href={auditPath({ object })}>All entries about it</TextLink>
    </Stack>
  );
}

function Detail({ name, value }: { name: string; value: string }) {
  if (name === "submission" && uuid.test(value)) return <TextLink href={submissionPath(value)}>{value}</TextLink>;
  return <Code>{value}</Code>;
}

/** What else was done in the same transaction. */
function Record({ entry }: { entry: Entry }) {
  const record = useQuery(AuditService.method.getEntry, { name: { case: "recordId", value: entry.recordId } });
  return (
    <Part id="record" query={record} title="In the same record" what="the other entries of its record">
      {(data) => {
        const others = data.entries.filter((e) => e.position !== entry.position);
        return others.length === 0 ? <Text as="p">It is the only entry of its record.</Text> : <EntryTable entries={others} labelledBy="record" />;
      }}
    </Part>
  );
}
