import { Button } from "@ag.ds-next/react/button";
import { Stack } from "@ag.ds-next/react/stack";
import { TextInput } from "@ag.ds-next/react/text-input";
import { Textarea } from "@ag.ds-next/react/textarea";
import { useMutation } from "@connectrpc/connect-query";
import { useState, type FormEvent } from "react";
import { QueueService, type SubmissionSummary } from "../../gen/noticehub/processing/v1/queue_pb";
import { Refused } from "../../parts/Refused";
import { useOnce } from "../../parts/useOnce";
import { today } from "../../words/time";

/** Sets an entry aside until a date, on which it wakes up by itself; or ends that early. */
export function HoldForm({ summary: s, onDone }: { summary: SubmissionSummary; onDone: () => Promise<unknown> }) {
  const ends = s.holdUntil !== "";
  const [until, setUntil] = useState("");
  const [note, setNote] = useState("");
  const [wrong, setWrong] = useState<{ until?: string; note?: string }>({});
  const hold = useMutation(QueueService.method.hold);
  const send = useOnce(async () => {
    await hold.mutateAsync({ submissionId: s.submissionId, until: ends ? "" : until, note, version: s.version });
    await onDone();
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    const problems = {
      ...(!ends && until <= today() && { until: "Choose a day after today." }),
      ...((note.trim().length < 3 || note.length > 1000) && { note: "Say why, in 3 to 1000 characters." }),
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
        <Textarea block invalid={Boolean(wrong.note)} label="Why" message={wrong.note} onChange={(e) => setNote(e.target.value)} required rows={2} value={note} />
        <Refused error={hold.error} />
        <Button loading={hold.isPending} alignSelf="flex-start" type="submit" variant="secondary">
          {ends ? "Put it back in the queue" : "Set it aside"}
        </Button>
      </Stack>
    </form>
  );
}
