/** @jsxImportSource @emotion/react */
import { Button, ButtonGroup } from "@ag.ds-next/react/button";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { useMutation } from "@connectrpc/connect-query";
import { useEffect, useState } from "react";
import type { SearchSubmissionsRequest } from "../../gen/noticehub/processing/v1/queue_pb";
import { WorkloadService, type CountSubmissionsResponse } from "../../gen/noticehub/processing/v1/workload_pb";
import { Refused } from "../../parts/Refused";
import { useOnce } from "../../parts/useOnce";
import { useSession } from "../../session/session";
import { ActDialog } from "./ActDialog";
import { naming, useActing, type Verb } from "./acting";

/** The most that may be confirmed at a time. */
export const mostMatching = 1_000;

/** What is acted on: entries on the screen, or all that a search found when it was counted. */
export type Scope = { ids: string[]; count: number } | { search: SearchSubmissionsRequest; counted: CountSubmissionsResponse; count: number };

const labels: [Verb, string][] = [["claim", "Claim"], ["release", "Release"], ["assign", "Assign"], ["hold", "Set aside"], ["reprocess", "Process again"]];

/** Where the window has room the bar stays in sight; a small one, or 400 % zoom, it would fill. */
const roomy = "(min-height: 600px) and (min-width: 700px)";

/** What gets the focus is scrolled clear of the bar (WCAG 2.4.11). */
function useClearOfBar(shown: boolean) {
  useEffect(() => {
    if (!shown || !matchMedia(roomy).matches) return;
    const { style } = document.documentElement;
    style.scrollPaddingBottom = "9rem";
    return () => void (style.scrollPaddingBottom = "");
  }, [shown]);
}

type Props = {
  chosen: ReadonlySet<string>;
  /** Set once all that match are chosen instead. */
  all: CountSubmissionsResponse | undefined;
  onAll: (counted: CountSubmissionsResponse) => void;
  /** The search behind the list; undefined when the list is not all that it finds. */
  search: SearchSubmissionsRequest | undefined;
  onDone: () => void;
};

/** Stands under the list once something is chosen. */
export function BatchBar({ chosen, all, onAll, search, onDone }: Props) {
  const session = useSession();
  const { acting, begin } = useActing();
  // What is asked about stays what it was, whatever happens to the rows meanwhile.
  const [asking, setAsking] = useState<{ verb: Verb; scope: Scope }>();
  const count = useMutation(WorkloadService.method.countSubmissions);
  const countAll = useOnce(async () => {
    if (search) onAll(await count.mutateAsync({ search }));
  });
  useClearOfBar(chosen.size > 0);
  if (chosen.size === 0 && !asking) return null;
  const scope: Scope = all && search ? { search, counted: all, count: Number(all.total) } : { ids: [...chosen], count: chosen.size };
  const tooMany = scope.count > mostMatching || ("counted" in scope && scope.counted.more);
  const start = (what: Verb) => {
    // What can be undone and is on the screen needs no second question.
    if ("ids" in scope && (what === "claim" || what === "release")) {
      begin(what, naming(scope.ids, crypto.randomUUID(), { case: what, value: {} }));
      onDone();
    } else {
      setAsking({ verb: what, scope });
    }
  };
  return (
    <>
      <Stack background="bodyAlt" border css={{ [`@media ${roomy}`]: { position: "sticky", bottom: 0 } }} gap={1} padding={1} rounded>
        <Text as="h2" fontWeight="bold">
          {all ? `All ${all.more ? "10,000 and more" : scope.count} that match are selected` : `${scope.count} selected`}
        </Text>
        {tooMany && <Text as="p">At most {mostMatching} can be acted on at a time. Narrow the filters, or select on the page.</Text>}
        <ButtonGroup>
          {labels
            .filter(([v]) => v !== "assign" || session.roles.includes("supervisor"))
            .map(([v, label]) => (
              <Button disabled={tooMany || acting?.state === "running" || scope.count === 0} key={v} onClick={() => start(v)} size="sm" variant="secondary">
                {label}
              </Button>
            ))}
          {search && !all && (
            <Button loading={count.isPending} loadingLabel="Counting" onClick={() => void countAll()} size="sm" variant="tertiary">
              Select all that match
            </Button>
          )}
          <Button onClick={onDone} size="sm" variant="tertiary">
            Clear selection
          </Button>
        </ButtonGroup>
        <Refused error={count.isPending ? null : count.error} />
      </Stack>
      {asking && (
        <ActDialog
          {...asking}
          onClose={() => setAsking(undefined)}
          onSent={() => {
            setAsking(undefined);
            onDone();
          }}
        />
      )}
    </>
  );
}
