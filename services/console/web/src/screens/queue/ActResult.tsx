/** @jsxImportSource @emotion/react */
import { Box } from "@ag.ds-next/react/box";
import { Button, ButtonGroup } from "@ag.ds-next/react/button";
import { ListItem, UnorderedList } from "@ag.ds-next/react/list";
import { SectionAlert } from "@ag.ds-next/react/section-alert";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { submissionPath } from "../../app/routes";
import { LocalizedMessageSchema } from "../../gen/google/rpc/error_details_pb";
import type { ActionResult } from "../../gen/noticehub/processing/v1/workload_pb";
import { Announce } from "../../parts/Announce";
import { Refused } from "../../parts/Refused";
import { naming, useActing, type Acting, type Verb } from "./acting";

const now: Record<Verb, string> = { claim: "Claiming", release: "Releasing", assign: "Assigning", hold: "Setting aside", reprocess: "Processing again" };
const done: Record<Verb, string> = { claim: "Claimed", release: "Released", assign: "Assigned", hold: "Set aside", reprocess: "Processed again" };

/** Progress of what is done to many entries, and the result of each, until it is dismissed. */
export function ActResult() {
  const { acting: a, begin, dismiss } = useActing();
  if (!a) return null;
  const all = [...a.results.values()];
  const failures = all.filter((r) => r.error);
  const good = all.length - failures.length;
  if (a.state === "running") {
    return (
      <Stack as="section" aria-label="Progress" gap={0.5}>
        <Announce text={`${now[a.verb]} ${a.total || "…"}`} />
        <Text as="p" fontWeight="bold">
          {now[a.verb]}: {all.length} of {a.total || "…"}
        </Text>
        <progress aria-label={now[a.verb]} max={a.total || 1} value={all.length} />
      </Stack>
    );
  }
  if (a.state === "refused") {
    return (
      <Stack gap={0.5}>
        <Refused error={a.error} />
        <Text as="p">Nothing was done. Choose what to act on again.</Text>
        <Button alignSelf="flex-start" onClick={dismiss} size="sm" variant="secondary">
          Dismiss
        </Button>
      </Stack>
    );
  }
  const title = a.state === "cut" ? `The answer was cut off after ${all.length} of ${a.total || "?"}` : `${done[a.verb]}: ${good} of ${a.total}`;
  return (
    <SectionAlert focusOnMount role="status" tabIndex={-1} title={title} tone={a.state === "cut" || failures.length > 0 ? "warning" : "success"}>
      <Stack alignItems="flex-start" gap={0.75}>
        {a.state === "cut" && <Text as="p">The rest may or may not have been done. Go on: what is done already is not done twice.</Text>}
        {failures.length > 0 && <Failures failures={failures} />}
        <ButtonGroup>
          {a.state === "cut" && (
            <Button onClick={() => begin(a.verb, a.requests)} size="sm">
              Go on
            </Button>
          )}
          {a.state === "done" && <Undo acting={a} />}
          <Button onClick={dismiss} size="sm" variant="secondary">
            Dismiss
          </Button>
        </ButtonGroup>
      </Stack>
    </SectionAlert>
  );
}

function Failures({ failures }: { failures: ActionResult[] }) {
  return (
    <Stack gap={0.5}>
      <Text as="p" fontWeight="bold" id="not-done">
        Could not be done: {failures.length}
      </Text>
      <Box aria-labelledby="not-done" css={{ maxHeight: "20rem", overflowY: "auto" }} focusRingFor="keyboard" role="group" tabIndex={0}>
        <UnorderedList>
          {failures.map((r) => (
            <ListItem key={r.submissionId}>
              <TextLink href={submissionPath(r.submissionId)}>{r.reference || "Submission not to be seen"}</TextLink>: {why(r)}
            </ListItem>
          ))}
        </UnorderedList>
      </Box>
    </Stack>
  );
}

function why(r: ActionResult): string {
  const help = (r.error?.details ?? []).map((d) => anyUnpack(d, LocalizedMessageSchema)?.message ?? "").find(Boolean);
  return [r.error?.message, help].filter(Boolean).join(". ");
}

/** A claim is undone by releasing, a release by claiming again, while nobody else has. */
function Undo({ acting: a }: { acting: Acting }) {
  const { begin } = useActing();
  const ids = [...a.results.values()].filter((r) => !r.error).map((r) => r.submissionId);
  if (ids.length === 0 || (a.verb !== "claim" && a.verb !== "release")) return null;
  const undo = a.verb === "claim" ? "release" : "claim";
  return (
    <Button onClick={() => begin(undo, naming(ids, crypto.randomUUID(), { case: undo, value: {} }))} size="sm" variant="secondary">
      {undo === "release" ? `Undo: release ${ids.length}` : `Undo: claim ${ids.length} again`}
    </Button>
  );
}
