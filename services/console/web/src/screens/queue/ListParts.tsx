import { Button, ButtonGroup } from "@ag.ds-next/react/button";
import { SectionAlert } from "@ag.ds-next/react/section-alert";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { clone } from "@bufbuild/protobuf";
import { useQuery } from "@connectrpc/connect-query";
import { useMemo } from "react";
import { SearchSubmissionsRequestSchema, type SearchSubmissionsRequest } from "../../gen/noticehub/processing/v1/queue_pb";
import { WorkloadService } from "../../gen/noticehub/processing/v1/workload_pb";
import type { Filters } from "./filters";
import { mostNew } from "./usePage";

/** Tells of news without moving a row. */
export function News({ added, onLoad }: { added: number; onLoad: () => void }) {
  return (
    <div aria-live="polite">
      {added > 0 && (
        <SectionAlert title={`${added >= mostNew ? `${mostNew} or more` : added} new`} tone="infoMedium">
          <Stack alignItems="flex-start" gap={0.5}>
            <Text as="p">The list below holds still until you load it again.</Text>
            <Button onClick={onLoad} size="sm" variant="secondary">
              Load the list again
            </Button>
          </Stack>
        </SectionAlert>
      )}
    </div>
  );
}

/** How many the list has in all: counted by the hub only when there is more than one page. */
export function useTotal(request: SearchSubmissionsRequest, filters: Filters, rows: number, next: string): string {
  const search = useMemo(() => {
    const all = clone(SearchSubmissionsRequestSchema, request);
    all.pageToken = "";
    return all;
  }, [request]);
  const count = useQuery(WorkloadService.method.countSubmissions, { search }, { enabled: next !== "", staleTime: 60_000 });
  if (!next) return String(filters.before + rows);
  if (!count.data) return "";
  return count.data.more ? "more than 10,000" : String(count.data.total);
}

type PagesProps = { label: string; filters: Filters; rows: number; total: string; next: string; go: (f: Filters) => void };

/** Which part of the list is shown, and the way to the others. */
export function Pages({ label, filters: f, rows, total, next, go }: PagesProps) {
  const first = { ...f, page: "", before: 0 };
  return (
    <Stack gap={0.5}>
      {rows > 0 && (
        <Text as="p" color="muted">
          Showing {f.before + 1} to {f.before + rows}
          {total && ` of ${total}`}
        </Text>
      )}
      {(f.page || next) && (
        <nav aria-label={label}>
          <ButtonGroup>
            {f.page && (
              <Button onClick={() => go(first)} variant="secondary">
                First page
              </Button>
            )}
            {f.page && (
              <Button onClick={() => history.back()} variant="secondary">
                Back
              </Button>
            )}
            {next && (
              <Button onClick={() => go({ ...f, page: next, before: f.before + rows })} variant="secondary">
                Next page
              </Button>
            )}
          </ButtonGroup>
        </nav>
      )}
    </Stack>
  );
}
