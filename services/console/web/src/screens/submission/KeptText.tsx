import { Button } from "@ag.ds-next/react/button";
import { Details } from "@ag.ds-next/react/details";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { useState } from "react";
import { Words } from "../../parts/Words";
import { useSession } from "../../session/session";
import { dropDraft, keptFor } from "./draft";

/** Shows what the officer wrote while the form it belongs to is not open: it is lost to nobody. */
export function KeptText({ submissionId, open }: { submissionId: string; open: boolean }) {
  const { person } = useSession();
  const [gone, setGone] = useState(false);
  const kept = gone ? undefined : keptFor(submissionId, person);
  const written = kept && [kept.note, kept.noteForAuthority].filter(Boolean);
  if (!written || written.length === 0) return null;
  return (
    <Details label="What you had written for the outcome is kept in this tab">
      <Stack alignItems="flex-start" gap={1}>
        <Text as="p">{open ? "It is in the form again once you hold the entry." : "The submission is decided: copy what you still need."}</Text>
        {written.map((text, i) => (
          <Words key={i} text={text} />
        ))}
        <Button
          onClick={() => {
            dropDraft(submissionId);
            setGone(true);
          }}
          size="sm"
          variant="tertiary"
        >
          Throw it away
        </Button>
      </Stack>
    </Details>
  );
}
