import { Button, ButtonGroup } from "@ag.ds-next/react/button";
import { Modal } from "@ag.ds-next/react/modal";
import { Text } from "@ag.ds-next/react/text";

type Props = { isOpen: boolean; title: string; text: string; doIt: string; onConfirm: () => void; onClose: () => void };

/** Asks once more before something that cannot be undone. */
export const Confirm = ({ isOpen, title, text, doIt, onConfirm, onClose }: Props) => (
  <Modal
    actions={
      <ButtonGroup>
        <Button onClick={onConfirm}>{doIt}</Button>
        <Button onClick={onClose} variant="tertiary">
          Go back
        </Button>
      </ButtonGroup>
    }
    isOpen={isOpen}
    onClose={onClose}
    title={title}
  >
    <Text as="p">{text}</Text>
  </Modal>
);
