import { Button, ButtonGroup } from "@ag.ds-next/react/button";
import { SectionAlert } from "@ag.ds-next/react/section-alert";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import type { SearchSubmissionsRequest } from "../../gen/noticehub/processing/v1/queue_pb";
import { Announce } from "../../parts/Announce";
import { Refused } from "../../parts/Refused";
import { useExport, type Export } from "./useExport";

/** The result of a search as a file, for who works with what is in it. */
export function ExportButton({ search }: { search: SearchSubmissionsRequest }) {
  const { shown, start, stop } = useExport();
  const running = shown?.state === "running";
  return (
    <Stack gap={0.5}>
      <ButtonGroup>
        <Button loading={running} loadingLabel="Exporting" onClick={() => void start(search)} size="sm" variant="secondary">
          Export as CSV
        </Button>
        {running && (
          <Button onClick={stop} size="sm" variant="tertiary">
            Stop
          </Button>
        )}
      </ButtonGroup>
      {running && <Text color="muted">{Math.ceil(shown.bytes / 1000)} kB so far</Text>}
      <Announce text={running ? "Exporting" : ""} />
      {shown && !running && <Ended shown={shown} />}
    </Stack>
  );
}

function Ended({ shown }: { shown: Export }) {
  if (shown.state === "failed") {
    return (
      <Stack gap={0.5}>
        <Refused error={shown.error} />
        <Text as="p">No file was kept. Export again.</Text>
      </Stack>
    );
  }
  if (shown.state === "cut") {
    return (
      <SectionAlert focusOnMount role="alert" tabIndex={-1} title="The file was cut off on its way" tone="error">
        <Text as="p">Its last line is missing, so it was not kept. Export again.</Text>
      </SectionAlert>
    );
  }
  if (shown.state !== "saved") return null;
  return (
    <SectionAlert focusOnMount role="status" tabIndex={-1} title={shown.complete ? `Saved: ${shown.rows} rows` : `Saved: only the first ${shown.rows} rows`} tone={shown.complete ? "success" : "warning"}>
      <Text as="p">
        {shown.complete ? "The file has all that match." : "More match than one file holds. Narrow the filters, such as by date, and export the parts."} It holds personal data: keep
        it where the agency keeps such files.
      </Text>
    </SectionAlert>
  );
}
