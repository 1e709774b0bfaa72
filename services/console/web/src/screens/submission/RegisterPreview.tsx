import { H3 } from "@ag.ds-next/react/heading";
import { SectionAlert } from "@ag.ds-next/react/section-alert";
import { Stack } from "@ag.ds-next/react/stack";
import { StatusBadge } from "@ag.ds-next/react/status-badge";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow, TableWrapper } from "@ag.ds-next/react/table";
import { Text } from "@ag.ds-next/react/text";
import { NoticeState } from "../../gen/noticehub/event/v1/vocabulary_pb";
import { day } from "../../words/time";
import { measureWords, noticeStateWords } from "../../words/vocabulary";
import { plusDays, reviewDays, type Line, type Preview } from "./register";

/** The customer's notices as they are, and as they would be after this outcome. */
export function RegisterPreview({ preview }: { preview: Preview }) {
  return (
    <Stack gap={0.5}>
      <H3 fontSize="md" id="preview">
        What will be recorded
      </H3>
      {preview.lines.length === 0 ? (
        <Text as="p">The customer has no notice, and would have none.</Text>
      ) : (
        <TableWrapper>
          <Table aria-labelledby="preview">
            <TableHead>
              <TableRow>
                <TableHeader scope="col">Notice</TableHeader>
                <TableHeader scope="col">Now</TableHeader>
                <TableHeader scope="col">After this outcome</TableHeader>
              </TableRow>
            </TableHead>
            <TableBody>
              {preview.lines.map((l) => (
                <TableRow key={l.id}>
                  <TableCell as="th" scope="row">
                    {measureWords[l.measure]} of {l.authority}
                    {l.percent > 0 && `, ${l.percent} %`}
                    {l.continuation && ", continuation"}
                  </TableCell>
                  <TableCell>{l.before ? said(l.before) : "Not there yet"}</TableCell>
                  <TableCell>
                    <After line={l} />
                  </TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
        </TableWrapper>
      )}
      {preview.warnings.map((w) => (
        <SectionAlert key={w} title={w} tone="warning" />
      ))}
    </Stack>
  );
}

const said = (s: Line["after"]) => `${noticeStateWords[s.state]}, ${day(s.start)} to ${day(s.end)}`;

function After({ line: l }: { line: Line }) {
  if (l.before && said(l.before) === said(l.after)) return <>No change</>;
  const { state, end } = l.after;
  return (
    <Stack alignItems="flex-start" gap={0.25}>
      <StatusBadge label={l.before ? "Changes" : "New"} tone={l.before ? "warningLow" : "successLow"} />
      <Text fontWeight="bold">{said(l.after)}</Text>
      {!l.before && state !== NoticeState.ENDED && (
        <Text color="muted" fontSize="xs">
          Review with the case worker due {day(plusDays(end, -reviewDays))}, {reviewDays} days before the end
        </Text>
      )}
      {l.continuation && !l.before && (
        <Text color="muted" fontSize="xs">
          Begins by itself on the day after the current notice ends: no gap, no overlap
        </Text>
      )}
      {state === NoticeState.REVOKED && (
        <Text color="muted" fontSize="xs">
          Not in force from the moment of recording; its period stays on the register
        </Text>
      )}
    </Stack>
  );
}
