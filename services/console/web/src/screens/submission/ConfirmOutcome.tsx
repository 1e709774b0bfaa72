import { Modal } from "@ag.ds-next/react/modal";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { Outcome } from "../../gen/noticehub/event/v1/vocabulary_pb";
import type { SubmissionSummary } from "../../gen/noticehub/processing/v1/queue_pb";
import { outcomeWords, typeWords } from "../../words/vocabulary";
import { DialogButtons } from "../../parts/DialogButtons";

type Props = { isOpen: boolean; onClose: () => void; onConfirm: () => void; outcome: Outcome | undefined; submission: SubmissionSummary };

/** An outcome cannot be undone: it is asked for once more. */
export function ConfirmOutcome({ isOpen, onClose, onConfirm, outcome, submission: s }: Props) {
  if (!outcome) return null;
  return (
    <Modal
      actions={
        <DialogButtons doIt={outcome === Outcome.RETURNED ? "Return it" : `Record ${outcomeWords[outcome]}`} onClose={onClose} onDo={onConfirm} />
      }
      isOpen={isOpen}
      onClose={onClose}
      title={outcome === Outcome.RETURNED ? "Return the submission?" : `Record “${outcomeWords[outcome]}”?`}
    >
      <Stack gap={1}>
        <Text as="p">
          {typeWords[s.informationType]} {s.reference} of {s.authorityId}.
        </Text>
        <Text as="p">
          {outcome === Outcome.RETURNED
            ? "Its text is erased here, and the authority has to lodge it again. This cannot be undone."
            : "It takes effect at once, the authority learns of it in its next daily report, and it cannot be undone."}
        </Text>
      </Stack>
    </Modal>
  );
}
