import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { useMutation } from "@connectrpc/connect-query";
import { faultOf } from "../../api/fault";
import { OperationsService, type RedriveParkedResponse } from "../../gen/noticehub/operations/v1/operations_pb";
import { ReasonDialog } from "../../parts/ReasonDialog";
import { Code } from "../../parts/Raw";
import { useOnce } from "../../parts/useOnce";
import { events, serviceWords } from "../../words/operations";

/** One event, or all of a cause. */
export type Wanted = { service: string; consumer: string; events: bigint } & ({ eventId: string; cause?: undefined } | { cause: string; eventId?: undefined });

type Props = { wanted: Wanted; onDone: (r: RedriveParkedResponse) => void; onClose: () => void };

/** Asks why and how many, drives them again, and hands over what the hub saw become of them. */
export function Redrive({ wanted: w, onDone, onClose }: Props) {
  const redrive = useMutation(OperationsService.method.redriveParked);
  const send = useOnce(async (reason: string, done: () => void) => {
    const which = w.eventId ? ({ case: "eventId", value: w.eventId } as const) : ({ case: "cause", value: w.cause! } as const);
    const answer = await redrive.mutateAsync({ service: w.service, consumer: w.consumer, which, reason });
    done();
    onDone(answer);
  });
  return (
    <ReasonDialog
      busy={redrive.isPending}
      doIt={w.eventId ? "Drive it again" : `Drive ${events(w.events)} again`}
      error={redrive.error}
      hint="Why it should go well now, such as what was repaired. It stays on record; name no customer."
      name={`redrive/${w.service}/${w.consumer}`}
      onClose={onClose}
      onConfirm={async (reason) => {
        let done = false;
        await send(reason, () => (done = true));
        return done;
      }}
      title={w.eventId ? "Drive this event again?" : `Drive all ${events(w.events)} of this cause again?`}
    >
      <Stack gap={0.5}>
        <Text as="p">
          {serviceWords(w.service)}, {w.consumer}: {w.eventId ? <Code>{w.eventId}</Code> : w.cause}
        </Text>
        <Text as="p">Each takes effect once at most. The hub looks for up to 5 seconds what becomes of them and tells it here.</Text>
        {redrive.error && faultOf(redrive.error).reason === "EVENT_NOT_QUARANTINED" && (
          <Text as="p">Somebody else may have driven it again meanwhile: go back and load the failures again.</Text>
        )}
      </Stack>
    </ReasonDialog>
  );
}
