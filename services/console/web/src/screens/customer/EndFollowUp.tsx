import { Modal } from "@ag.ds-next/react/modal";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { useMutation } from "@connectrpc/connect-query";
import { useState, type FormEvent } from "react";
import { WorkItemService, type Activity } from "../../gen/noticehub/workitem/v1/workitem_pb";
import { LongText } from "../../parts/LongText";
import { Refused } from "../../parts/Refused";
import { useKeptText } from "../../parts/useKeptText";
import { useOnce } from "../../parts/useOnce";
import { useSession } from "../../session/session";
import { textProblem } from "../../words/plain";
import { DialogButtons } from "../../parts/DialogButtons";

export type Ending = { activity: Activity; how: "complete" | "cancel" };

const texts = {
  complete: { title: "Complete the follow-up?", label: "What was done", doIt: "Complete it", most: 4000, done: "The follow-up is completed." },
  cancel: { title: "Cancel the follow-up?", label: "Why it is not needed", doIt: "Cancel the follow-up", most: 1000, done: "The follow-up is cancelled." },
};

/** Neither can be undone: it is asked for once more, with what was done or why. */
export function EndFollowUp({ ending, onClose, onEnded }: { ending: Ending; onClose: () => void; onEnded: (what: string) => Promise<unknown> }) {
  const { activity, how } = ending;
  const words = texts[how];
  const { person } = useSession();
  const [text, setText] = useKeptText(`follow-up/${activity.activityId}`, person);
  const [wrong, setWrong] = useState("");
  const complete = useMutation(WorkItemService.method.completeFollowUp);
  const cancel = useMutation(WorkItemService.method.cancelActivity);
  const busy = complete.isPending || cancel.isPending;
  const send = useOnce(async () => {
    const { activityId } = activity;
    if (how === "complete") await complete.mutateAsync({ activityId, note: text.trim() });
    else await cancel.mutateAsync({ activityId, reason: text.trim() });
    setText("");
    onClose();
    await onEnded(words.done);
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    const problem = textProblem(text, 10, words.most, "Say it in at least 10 characters, in your own words.");
    setWrong(problem);
    if (!problem) void send();
  };
  return (
    <Modal isOpen onClose={onClose} title={words.title}>
      <form autoComplete="off" noValidate onSubmit={submit}>
        <Stack gap={1}>
          <Text as="p" breakWords>
            {activity.title}. This cannot be undone; a new follow-up can be made.
          </Text>
          <LongText label={words.label} most={words.most} onChange={setText} problem={wrong} required rows={3} value={text} />
          <Refused error={busy ? null : (complete.error ?? cancel.error)} />
          <DialogButtons busy={busy} doIt={words.doIt} onClose={onClose} />
        </Stack>
      </form>
    </Modal>
  );
}
