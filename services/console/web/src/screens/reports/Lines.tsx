import { Button, ButtonGroup } from "@ag.ds-next/react/button";
import { H2 } from "@ag.ds-next/react/heading";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { customerPath, submissionPath } from "../../app/routes";
import { ReportService, type AdviceOutcome, type Delivery } from "../../gen/noticehub/advice/v1/report_pb";
import { InformationType } from "../../gen/noticehub/event/v1/vocabulary_pb";
import { Failed } from "../../parts/Failed";
import { Loading } from "../../parts/Loading";
import { Sheet } from "../../parts/Sheet";
import { day, moment } from "../../words/time";
import { outcomeWords, typeWords } from "../../words/vocabulary";

const pageSize = 50;

/** The lines name customers, and reading them is on record: they are read when asked for. */
export function Lines({ delivery: d }: { delivery: Delivery }) {
  const [open, setOpen] = useState(false);
  return (
    <Stack alignItems="flex-start" gap={0.5}>
      <H2 fontSize="lg" id="lines">
        Lines
      </H2>
      {d.lines === 0n && !open ? (
        <Text as="p">{d.report ? "It is a nil report: nothing was decided in its days." : "Nothing was decided for it so far."}</Text>
      ) : open ? (
        <Pages delivery={d} />
      ) : (
        <>
          <Text as="p">They name customers; that you look is on record.</Text>
          <Button onClick={() => setOpen(true)} variant="secondary">
            Show the lines
          </Button>
        </>
      )}
    </Stack>
  );
}

function Pages({ delivery: d }: { delivery: Delivery }) {
  // Tokens of the pages gone through; the last is the one shown.
  const [tokens, setTokens] = useState([""]);
  const request = { authorityId: d.authorityId, reportDate: d.reportDate, pageSize, pageToken: tokens.at(-1)! };
  const page = useQuery(ReportService.method.listAdviceOutcomes, request, { refetchOnMount: "always", gcTime: 0 });
  if (page.isPending) return <Loading what="the lines" />;
  if (page.error) return <Failed error={page.error} onRetry={() => void page.refetch()} what="The list of lines" />;
  const rows = page.data.outcomes;
  const next = page.data.nextPageToken;
  const first = (tokens.length - 1) * pageSize;
  return (
    <Stack gap={1} width="100%">
      {rows.length === 0 ? (
        <Text as="p">There is no line.</Text>
      ) : (
        <>
          <Text as="p">
            Lines {first + 1} to {first + rows.length}
            {d.report ? ` of ${d.lines}` : ""}.
          </Text>
          <LineTable rows={rows} />
        </>
      )}
      {(tokens.length > 1 || next) && (
        <nav aria-label="Pages of the lines">
          <ButtonGroup>
            {tokens.length > 1 && (
              <Button onClick={() => setTokens(tokens.slice(0, -1))} variant="secondary">
                Page before
              </Button>
            )}
            {next && (
              <Button onClick={() => setTokens([...tokens, next])} variant="secondary">
                Next page
              </Button>
            )}
          </ButtonGroup>
        </nav>
      )}
    </Stack>
  );
}

const heads = ["Reference", "Outcome", "CRN", "Decided", "Period", "Text for the authority"];

function LineTable({ rows }: { rows: AdviceOutcome[] }) {
  return (
    <Sheet
      heads={heads}
      labelledBy="lines"
      rows={rows.map((o) => ({
        key: o.submissionId,
        cells: [
          <Stack gap={0.25}>
            {/* A change of circumstances is no submission: it has no screen of its own. */}
            {o.informationType === InformationType.CHANGE_OF_CIRCUMSTANCES ? <Text>{o.reference}</Text> : <TextLink href={submissionPath(o.submissionId)}>{o.reference}</TextLink>}
            <Text fontWeight="normal">{typeWords[o.informationType]}</Text>
          </Stack>,
          o.outcome ? outcomeWords[o.outcome] : "–",
          o.crn ? <TextLink href={customerPath(o.crn)}>{o.crn}</TextLink> : "–",
          <Stack gap={0.25}>
            <Text>{moment(o.decidedAt)}</Text>
            <Text color="muted" fontSize="xs">
              {o.byOfficer ? "by an officer" : "automatically"}
            </Text>
          </Stack>,
          o.startDate ? `${day(o.startDate)}${o.endDate ? ` to ${day(o.endDate)}` : ""}` : "–",
          o.note || "–",
        ],
      }))}
    />
  );
}
