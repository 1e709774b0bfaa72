import { Button } from "@ag.ds-next/react/button";
import { Stack } from "@ag.ds-next/react/stack";
import { TextInput } from "@ag.ds-next/react/text-input";
import { useMutation } from "@connectrpc/connect-query";
import { useState, type FormEvent } from "react";
import { QueueService, type SubmissionSummary } from "../../gen/noticehub/processing/v1/queue_pb";
import { LongText } from "../../parts/LongText";
import { Refused } from "../../parts/Refused";
import { useKeptText } from "../../parts/useKeptText";
import { useOnce } from "../../parts/useOnce";
import { useSession } from "../../session/session";
import { textProblem } from "../../words/plain";
import { day, today } from "../../words/time";

const most = 1000;

/** Sets an entry aside until a date, on which it wakes up by itself; or ends that early. */
export function HoldForm({ summary: s, onDone }: { summary: SubmissionSummary; onDone: (what: string) => Promise<unknown> }) {
  const { person } = useSession();
  const ends = s.holdUntil !== "";
  const [until, setUntil] = useState("");
  const [note, setNote] = useKeptText(`hold/${s.submissionId}`, person);
  const [wrong, setWrong] = useState<{ until?: string; note?: string }>({});
  const hold = useMutation(QueueService.method.hold);
  const send = useOnce(async () => {
    await hold.mutateAsync({ submissionId: s.submissionId, until: ends ? "" : until, note, version: s.version });
    setNote("");
    setUntil("");
    await onDone(ends ? "It is back in the queue." : `Set aside until ${day(until)}.`);
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    const why = textProblem(note, 3, most, "Say why, in at least 3 characters.");
    const problems = {
      ...(!ends && !(/^\d{4}-\d{2}-\d{2}$/.test(until) && until > today()) && { until: "Choose a day after today." }),
      ...(why && { note: why }),
    };
    setWrong(problems);
    if (Object.keys(problems).length === 0) void send();
  };
  return (
    <form noValidate onSubmit={submit}>
      <Stack gap={1}>
        {!ends && (
          <TextInput
            hint="It is in the queue again on this day. Your claim ends."
            invalid={Boolean(wrong.until)}
            label="Set aside until"
            message={wrong.until}
            onChange={(e) => setUntil(e.target.value)}
            required
            type="date"
            value={until}
          />
        )}
        <LongText label="Why" most={most} onChange={setNote} problem={wrong.note} required rows={2} value={note} />
        <Refused error={hold.isPending ? null : hold.error} />
        <Button loading={hold.isPending} alignSelf="flex-start" type="submit" variant="secondary">
          {ends ? "Put it back in the queue" : "Set it aside"}
        </Button>
      </Stack>
    </form>
  );
}
