import { Button } from "@ag.ds-next/react/button";
import { Details } from "@ag.ds-next/react/details";
import { H3 } from "@ag.ds-next/react/heading";
import { ListItem, UnorderedList } from "@ag.ds-next/react/list";
import { SectionAlert } from "@ag.ds-next/react/section-alert";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { useQuery } from "@connectrpc/connect-query";
import { reportPath, routes, submissionPath, workItemPath } from "../../app/routes";
import { mayOpen } from "../../app/screens";
import { OperationsService, type ListStuckResponse, type StuckWork } from "../../gen/noticehub/operations/v1/operations_pb";
import { watching } from "../../live/pause";
import { Code } from "../../parts/Raw";
import { Part } from "../../parts/Part";
import { useSession, type Session } from "../../session/session";
import { serviceWords } from "../../words/operations";
import { ago, moment } from "../../words/time";

/** What stands still does so for minutes at least. */
const lookEvery = 30_000;

/** What has silently stopped, and how to fix it. */
export function Stuck() {
  const stuck = useQuery(OperationsService.method.listStuck, {}, { refetchOnMount: "always", refetchInterval: () => (watching() ? lookEvery : false) });
  return (
    <Part id="stuck" query={stuck} title="Work that stands still" what="work that stands still">
      {(data) => (
        <Stack alignItems="flex-start" gap={1}>
          <Found data={data} />
          <Button loading={stuck.isFetching && !stuck.isPending} onClick={() => void stuck.refetch()} size="sm" variant="secondary">
            Look again now
          </Button>
        </Stack>
      )}
    </Part>
  );
}

function Found({ data }: { data: ListStuckResponse }) {
  const found = data.stuck.filter((s) => s.count > 0n);
  const fine = data.stuck.filter((s) => s.count === 0n);
  return (
    <>
      {found.length === 0 && <Text as="p">{data.failed.length > 0 ? "Those detectors that could look found nothing." : "Nothing stands still."}</Text>}
      {found.map((s) => (
        <Still key={s.detector} work={s} />
      ))}
      {data.failed.length > 0 && (
        <SectionAlert title={`${data.failed.length} ${data.failed.length === 1 ? "detector" : "detectors"} could not look`} tone="warning">
          <UnorderedList>
            {data.failed.map((f) => (
              <ListItem key={f.detector}>
                {f.detector}: {f.error?.message || "no reason was told"}
              </ListItem>
            ))}
          </UnorderedList>
        </SectionAlert>
      )}
      {fine.length > 0 && (
        <Details label={`What was looked for and not found (${fine.length})`}>
          <UnorderedList>
            {fine.map((s) => (
              <ListItem key={s.detector}>
                {s.title} ({serviceWords(s.service)})
              </ListItem>
            ))}
          </UnorderedList>
        </Details>
      )}
    </>
  );
}

function Still({ work: s }: { work: StuckWork }) {
  const session = useSession();
  return (
    <Stack gap={0.5}>
      <H3 fontSize="md">
        {s.title}: {String(s.count)}
      </H3>
      <Text as="p">
        {serviceWords(s.service)}
        {s.oldestAt && `; the oldest for ${ago(s.oldestAt)}, since ${moment(s.oldestAt)}`}.
      </Text>
      <Text as="p">How to fix it: {s.fix}</Text>
      {s.kind === "report" && mayOpen(session, routes.reports) && (
        <Text as="p">
          <TextLink href={`${routes.reports}?overdue=only`}>See the overdue reports</TextLink>
        </Text>
      )}
      {s.examples.length > 0 && (
        <Details label={`The oldest ${s.examples.length === 1 ? s.kind || "one" : `${s.examples.length}`}`}>
          <UnorderedList>
            {s.examples.map((id) => {
              const href = screenOf(s.kind, id, session);
              return <ListItem key={id}>{href ? <TextLink href={href}>{id}</TextLink> : <Code>{id}</Code>}</ListItem>;
            })}
          </UnorderedList>
        </Details>
      )}
    </Stack>
  );
}

/** The screen of an example, when there is one and it is open to the reader. */
function screenOf(kind: string, id: string, s: Session): string | undefined {
  if (kind === "submission" && mayOpen(s, routes.submissions)) return submissionPath(id);
  if (kind === "work item" && mayOpen(s, routes.workItems)) return workItemPath(id);
  const report = /^([^/\s]+)[/ ](\d{4}-\d{2}-\d{2})$/.exec(id);
  if (kind === "report" && report && mayOpen(s, routes.reports)) return reportPath(report[1]!, report[2]!);
  return undefined;
}
