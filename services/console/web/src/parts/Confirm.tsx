import { Modal } from "@ag.ds-next/react/modal";
import { Text } from "@ag.ds-next/react/text";
import { DialogButtons } from "./DialogButtons";

type Props = { isOpen: boolean; title: string; text: string; doIt: string; onConfirm: () => void; onClose: () => void };

/** Asks once more before something that cannot be undone. */
export const Confirm = ({ isOpen, title, text, doIt, onConfirm, onClose }: Props) => (
  <Modal
    actions={
      <DialogButtons doIt={doIt} onClose={onClose} onDo={onConfirm} />
    }
    isOpen={isOpen}
    onClose={onClose}
    title={title}
  >
    <Text as="p">{text}</Text>
  </Modal>
);
