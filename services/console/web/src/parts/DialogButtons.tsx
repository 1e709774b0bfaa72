import { Button, ButtonGroup } from "@ag.ds-next/react/button";

type Props = { doIt: string; busy?: boolean; onClose: () => void; /** Without it, the first button sends the form around it. */ onDo?: () => void };

/** Ends a dialog: does it, or goes back. */
export const DialogButtons = ({ doIt, busy = false, onClose, onDo }: Props) => (
  <ButtonGroup>
    <Button loading={busy} onClick={onDo} type={onDo ? "button" : "submit"}>
      {doIt}
    </Button>
    <Button onClick={onClose} variant="tertiary">
      Go back
    </Button>
  </ButtonGroup>
);
