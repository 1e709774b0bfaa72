import { Button } from "@ag.ds-next/react/button";
import { Stack } from "@ag.ds-next/react/stack";
import { TextInput } from "@ag.ds-next/react/text-input";
import { useMutation } from "@connectrpc/connect-query";
import { useState, type FormEvent } from "react";
import { WorkItemService } from "../../gen/noticehub/workitem/v1/workitem_pb";
import { keptNameOf } from "../../parts/crn";
import { Refused } from "../../parts/Refused";
import { useKeptText } from "../../parts/useKeptText";
import { useActionId, useOnce } from "../../parts/useOnce";
import { useSession } from "../../session/session";
import { plain } from "../../words/plain";
import { startOf, today } from "../../words/time";

const empty = { keywords: "", office: "", maturesOn: "" };

/** Puts something to be done on the customer's activity list. */
export function FollowUpForm({ crn, onMade }: { crn: string; onMade: () => Promise<unknown> }) {
  const { person } = useSession();
  const [title, setTitle] = useKeptText(keptNameOf("follow-up", crn), person);
  const [f, setForm] = useState(empty);
  const [wrong, setWrong] = useState<Partial<Record<"title" | keyof typeof empty, string>>>({});
  const make = useMutation(WorkItemService.method.createFollowUp);
  const activityId = useActionId();
  const set = (change: Partial<typeof empty>) => setForm((before) => ({ ...before, ...change }));
  const content = { crn, title: title.trim(), keywords: f.keywords.toUpperCase().split(/[\s,;]+/).filter(Boolean), office: f.office.trim().toUpperCase(), maturesOn: f.maturesOn };
  const send = useOnce(async () => {
    await make.mutateAsync({ ...content, activityId: activityId(content) });
    setTitle("");
    setForm(empty);
    await onMade();
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    const problems = {
      ...(!content.title && { title: "Say what is to be done." }),
      ...((startOf(f.maturesOn) === undefined || f.maturesOn < today()) && { maturesOn: "Choose today or a later day." }),
      ...((content.keywords.length > 5 || content.keywords.some((k) => !/^[A-Z0-9]{2,10}$/.test(k))) && { keywords: "At most five words of 2 to 10 letters and digits." }),
      ...(content.office && !/^[A-Z0-9]{2,10}$/.test(content.office) && { office: "An office is 2 to 10 letters and digits, such as DRW." }),
    };
    setWrong(problems);
    if (Object.keys(problems).length === 0) void send();
  };
  return (
    <form autoComplete="off" noValidate onSubmit={submit}>
      <Stack gap={1}>
        <TextInput block invalid={Boolean(wrong.title)} label="What is to be done" maxLength={200} message={wrong.title} onChange={(e) => setTitle(plain(e.target.value))} required value={title} />
        <TextInput invalid={Boolean(wrong.maturesOn)} label="Matures on" maxWidth="md" message={wrong.maturesOn} onChange={(e) => set({ maturesOn: e.target.value })} required type="date" value={f.maturesOn} />
        <TextInput hint="Such as EIMEND EIMUTL" invalid={Boolean(wrong.keywords)} label="Keywords" maxLength={60} message={wrong.keywords} onChange={(e) => set({ keywords: e.target.value })} value={f.keywords} />
        <TextInput hint="Empty takes the customer’s office" invalid={Boolean(wrong.office)} label="Office of the follow-up" maxLength={10} maxWidth="md" message={wrong.office} onChange={(e) => set({ office: e.target.value })} value={f.office} />
        <Refused error={make.isPending ? null : make.error} />
        <Button alignSelf="flex-start" loading={make.isPending} type="submit" variant="secondary">
          Make the follow-up
        </Button>
      </Stack>
    </form>
  );
}
