import { Modal } from "@ag.ds-next/react/modal";
import { Stack } from "@ag.ds-next/react/stack";
import { Textarea } from "@ag.ds-next/react/textarea";
import { useState, type FormEvent, type ReactNode } from "react";
import { useSession } from "../session/session";
import { focusWrong } from "./focusWrong";
import { Refused } from "./Refused";
import { useKeptText } from "./useKeptText";
import { DialogButtons } from "./DialogButtons";

type Props = {
  /** What the reason is for; the text is kept under it. */
  name: string;
  title: string;
  /** What happens, of what and how many. */
  children: ReactNode;
  hint: string;
  doIt: string;
  error: unknown;
  busy: boolean;
  /** Resolves once it is done; a failure stays in error. */
  onConfirm: (reason: string) => Promise<boolean>;
  onClose: () => void;
};

/** Asks once more before something that cannot be undone, and for its reason. */
export function ReasonDialog({ name, title, children, hint, doIt, error, busy, onConfirm, onClose }: Props) {
  const { person } = useSession();
  const [reason, setReason] = useKeptText(name, person);
  const [wrong, setWrong] = useState("");
  const submit = async (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault();
    const text = reason.trim();
    const problem = text.length < 3 ? "Say why, in at least 3 characters." : text.length > 1000 ? `At most 1000 characters; there are ${text.length}.` : "";
    setWrong(problem);
    if (problem) focusWrong(e.currentTarget);
    else if (await onConfirm(text)) setReason("");
  };
  return (
    <Modal isOpen onClose={onClose} title={title}>
      <form noValidate onSubmit={(e) => void submit(e)}>
        <Stack gap={1}>
          {children}
          <Textarea
            block
            hint={hint}
            invalid={Boolean(wrong)}
            label="Reason"
            message={wrong}
            onChange={(e) => {
              setReason(e.target.value);
              setWrong("");
            }}
            required
            rows={3}
            value={reason}
          />
          <Refused error={busy ? null : error} />
          <DialogButtons busy={busy} doIt={doIt} onClose={onClose} />
        </Stack>
      </form>
    </Modal>
  );
}
