import { Button } from "@ag.ds-next/react/button";
import { Stack } from "@ag.ds-next/react/stack";
import { TextInput } from "@ag.ds-next/react/text-input";
import { useMutation } from "@connectrpc/connect-query";
import { useState, type FormEvent } from "react";
import { CircumstanceService } from "../../gen/noticehub/registry/v1/changes_pb";
import { Announce } from "../../parts/Announce";
import { keptNameOf } from "../../parts/crn";
import { LongText } from "../../parts/LongText";
import { Refused } from "../../parts/Refused";
import { useKeptText } from "../../parts/useKeptText";
import { useActionId, useOnce } from "../../parts/useOnce";
import { useSession } from "../../session/session";
import { plain, textProblem } from "../../words/plain";

/** Places a document; it can be added to by another one, never taken back. */
export function DocumentForm({ crn, onPlaced }: { crn: string; onPlaced: () => Promise<unknown> }) {
  const { person } = useSession();
  const [title, setTitle] = useState("");
  const [text, setText] = useKeptText(keptNameOf("document", crn), person);
  const [wrong, setWrong] = useState<{ title?: string; text?: string }>({});
  const [done, setDone] = useState("");
  const place = useMutation(CircumstanceService.method.placeDocument);
  const documentId = useActionId();
  const send = useOnce(async () => {
    setDone("");
    const document = { crn, title: title.trim(), text: text.trim() };
    await place.mutateAsync({ ...document, documentId: documentId(document) });
    setTitle("");
    setText("");
    setDone("The document is on the record.");
    await onPlaced();
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    const long = textProblem(text, 1, 4000, "Write something.");
    const problems = { ...(!title.trim() && { title: "Give it a title." }), ...(long && { text: long }) };
    setWrong(problems);
    if (Object.keys(problems).length === 0) void send();
  };
  return (
    <form autoComplete="off" noValidate onSubmit={submit}>
      <Stack gap={1}>
        <TextInput block invalid={Boolean(wrong.title)} label="Title" maxLength={200} message={wrong.title} onChange={(e) => setTitle(plain(e.target.value))} required value={title} />
        <LongText hint="It stays on the record for good. It must not hold reasons for referral." label="Text of the document" most={4000} onChange={setText} problem={wrong.text} required rows={4} value={text} />
        <Refused error={place.isPending ? null : place.error} />
        <Button alignSelf="flex-start" loading={place.isPending} type="submit" variant="secondary">
          Place the document
        </Button>
        {done && <p>{done}</p>}
        <Announce text={done} />
      </Stack>
    </form>
  );
}
