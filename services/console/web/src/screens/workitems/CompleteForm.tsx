import { Button } from "@ag.ds-next/react/button";
import { Stack } from "@ag.ds-next/react/stack";
import { useMutation } from "@connectrpc/connect-query";
import { useState, type FormEvent } from "react";
import { WorkItemService } from "../../gen/noticehub/workitem/v1/workitem_pb";
import { Confirm } from "../../parts/Confirm";
import { LongText } from "../../parts/LongText";
import { useKeptText } from "../../parts/useKeptText";
import { useActionId, useOnce } from "../../parts/useOnce";
import { useSession } from "../../session/session";
import { textProblem } from "../../words/plain";
import { NotDone } from "./NotDone";
import type { Acting } from "./ToDo";

/** Completes an item with the note that goes on record (DOC). It cannot be undone, so it is asked for once more. */
export function CompleteForm({ item: w, acted, reread }: Acting) {
  const { person } = useSession();
  const [note, setNote] = useKeptText(`work-item/${w.workItemId}`, person);
  const [wrong, setWrong] = useState("");
  const [asking, setAsking] = useState(false);
  const complete = useMutation(WorkItemService.method.completeWorkItem);
  const actionId = useActionId();
  const send = useOnce(async () => {
    setAsking(false);
    const action = { workItemId: w.workItemId, version: w.version, note: note.trim() };
    const { workItem } = await complete.mutateAsync({ ...action, actionId: actionId(action) });
    setNote("");
    await acted(workItem, "The work item is completed");
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    complete.reset();
    const problem = textProblem(note, 10, 4000, "Say what was investigated and done, in at least 10 characters.");
    setWrong(problem);
    if (!problem) setAsking(true);
  };
  return (
    <form autoComplete="off" noValidate onSubmit={submit}>
      <Stack gap={1}>
        <LongText
          hint="What you investigated and did, in your own words. It stays with the item, and a document on the customer’s record tells of it."
          label="Note (DOC)"
          most={4000}
          onChange={setNote}
          problem={wrong}
          required
          rows={5}
          value={note}
        />
        <NotDone error={complete.isPending ? null : complete.error} reread={reread} />
        <Button alignSelf="flex-start" loading={complete.isPending} type="submit">
          Complete the work item
        </Button>
      </Stack>
      <Confirm
        doIt="Complete it"
        isOpen={asking}
        onClose={() => setAsking(false)}
        onConfirm={() => void send()}
        text={`${w.code} ${w.title} It ends for everybody, and this cannot be undone.`}
        title="Complete the work item?"
      />
    </form>
  );
}
