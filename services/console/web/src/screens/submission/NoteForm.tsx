import { Button } from "@ag.ds-next/react/button";
import { Stack } from "@ag.ds-next/react/stack";
import { Textarea } from "@ag.ds-next/react/textarea";
import { useMutation } from "@connectrpc/connect-query";
import { useState, type FormEvent } from "react";
import { QueueService } from "../../gen/noticehub/processing/v1/queue_pb";
import { Refused } from "../../parts/Refused";
import { useActionId, useOnce } from "../../parts/useOnce";

export function NoteForm({ submissionId, onDone }: { submissionId: string; onDone: () => Promise<unknown> }) {
  const [text, setText] = useState("");
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
    const problem = text.trim() === "" ? "Write something." : text.length > 4000 ? `At most 4000 characters; there are ${text.length}.` : "";
    setWrong(problem);
    if (!problem) void send();
  };
  return (
    <form noValidate onSubmit={submit}>
      <Stack gap={1}>
        <Textarea
          block
          hint="Officers see it, and it stays on the submission."
          invalid={Boolean(wrong)}
          label="Note on the submission"
          message={wrong}
          onChange={(e) => setText(e.target.value)}
          required
          rows={3}
          value={text}
        />
        <Refused error={add.error} />
        <Button loading={add.isPending} alignSelf="flex-start" type="submit" variant="secondary">
          Add the note
        </Button>
      </Stack>
    </form>
  );
}
