import { VisuallyHidden } from "@ag.ds-next/react/a11y";
import { Button } from "@ag.ds-next/react/button";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import type { ReactNode } from "react";
import { ParkedState, type ParkedCause, type ParkedEvent } from "../../gen/noticehub/operations/v1/operations_pb";
import { Code } from "../../parts/Raw";
import { Sheet } from "../../parts/Sheet";
import { parkedWords, serviceWords } from "../../words/operations";
import { ago, moment } from "../../words/time";
import type { Wanted } from "./Redrive";

type OnRedrive = ((w: Wanted) => void) | undefined;

const Small = ({ children }: { children: ReactNode }) => (
  <Text color="muted" fontSize="xs" fontWeight="normal">
    {children}
  </Text>
);

/** Only what waits for somebody can be driven again; the rest goes on by itself. */
const byItself = <Text color="muted">Goes on by itself</Text>;

export function Causes({ causes, onRedrive }: { causes: ParkedCause[]; onRedrive: OnRedrive }) {
  return (
    <Sheet
      heads={["Why", { text: "Events", right: true }, "Oldest", "State", ...(onRedrive ? ["Repair"] : [])]}
      labelledBy="causes"
      rows={causes.map((c) => ({
        key: `${c.service}/${c.consumer}/${c.state}/${c.cause}`,
        cells: [
          <Stack gap={0.25}>
            <Text>{c.cause || "No reason was kept"}</Text>
            <Small>
              {serviceWords(c.service)}, {c.consumer}
            </Small>
          </Stack>,
          String(c.events),
          ago(c.oldestAt),
          parkedWords[c.state],
          ...(onRedrive
            ? [
                c.state === ParkedState.QUARANTINED && c.cause ? (
                  <Button onClick={() => onRedrive({ service: c.service, consumer: c.consumer, cause: c.cause, events: c.events })} size="sm" variant="secondary">
                    Redrive all {String(c.events)}
                    <VisuallyHidden> of {c.consumer}</VisuallyHidden>
                  </Button>
                ) : (
                  byItself
                ),
              ]
            : []),
        ],
      }))}
    />
  );
}

export function Events({ events, onRedrive }: { events: ParkedEvent[]; onRedrive: OnRedrive }) {
  return (
    <Sheet
      heads={["Event", "Why", "State", "Parked", ...(onRedrive ? ["Repair"] : [])]}
      labelledBy="parked-events"
      rows={events.map((e) => ({
        key: `${e.service}/${e.consumer}/${e.eventId}`,
        cells: [
          <Stack gap={0.25}>
            <Code>{e.eventId}</Code>
            <Small>
              {serviceWords(e.service)}, {e.consumer}
            </Small>
            {e.traceId && (
              <Small>
                trace <Code>{e.traceId}</Code>
              </Small>
            )}
          </Stack>,
          e.cause || "–",
          <Stack gap={0.25}>
            <Text>{parkedWords[e.state]}</Text>
            <Small>
              tried {e.attempts === 1 ? "once" : `${e.attempts} times`}
              {e.nextAt && `, again at ${moment(e.nextAt)}`}
            </Small>
          </Stack>,
          moment(e.parkedAt),
          ...(onRedrive
            ? [
                e.state === ParkedState.QUARANTINED ? (
                  <Button onClick={() => onRedrive({ service: e.service, consumer: e.consumer, eventId: e.eventId, events: 1n })} size="sm" variant="secondary">
                    Redrive
                    <VisuallyHidden> {e.eventId}</VisuallyHidden>
                  </Button>
                ) : (
                  byItself
                ),
              ]
            : []),
        ],
      }))}
    />
  );
}
