import { Button } from "@ag.ds-next/react/button";
import { Stack } from "@ag.ds-next/react/stack";
import { useMutation } from "@connectrpc/connect-query";
import { useState, type FormEvent } from "react";
import { QueueService } from "../../gen/noticehub/processing/v1/queue_pb";
import { LongText } from "../../parts/LongText";
import { Refused } from "../../parts/Refused";
import { useKeptText } from "../../parts/useKeptText";
import { useActionId, useOnce } from "../../parts/useOnce";
import { useSession } from "../../session/session";
import { textProblem } from "../../words/plain";

const most = 4000;

export function NoteForm({ submissionId, onDone }: { submissionId: string; onDone: () => Promise<unknown> }) {
  const { person } = useSession();
  const [text, setText] = useKeptText(`note/${submissionId}`, person);
  const [wrong, setWrong] = useState("");
  const add = useMutation(QueueService.method.addNote);
  const actionId = useActionId();
  const send = useOnce(async () => {
    await add.mutateAsync({ submissionId, text, actionId: actionId(text) });
    setText("");
    await onDone();
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    const problem = textProblem(text, 1, most, "Write something.");
    setWrong(problem);
    if (!problem) void send();
  };
  return (
    <form noValidate onSubmit={submit}>
      <Stack gap={1}>
        <LongText hint="Officers see it, and it stays on the submission." label="Note on the submission" most={most} onChange={setText} problem={wrong} required rows={3} value={text} />
        <Refused error={add.isPending ? null : add.error} />
        <Button loading={add.isPending} alignSelf="flex-start" type="submit" variant="secondary">
          Add the note
        </Button>
      </Stack>
    </form>
  );
}
