import { Button } from "@ag.ds-next/react/button";
import { H3 } from "@ag.ds-next/react/heading";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextInput } from "@ag.ds-next/react/text-input";
import { useMutation } from "@connectrpc/connect-query";
import { useState, type FormEvent } from "react";
import { WorkItemService } from "../../gen/noticehub/workitem/v1/workitem_pb";
import { useOnce } from "../../parts/useOnce";
import { startOf, today } from "../../words/time";
import { NotDone } from "./NotDone";
import type { Acting } from "./ToDo";

/** The service component some items need before they can be completed; another day corrects it. */
export function ComponentForm({ item: w, acted, reread }: Acting) {
  const [on, setOn] = useState(today);
  const [wrong, setWrong] = useState("");
  const [again, setAgain] = useState(false);
  const record = useMutation(WorkItemService.method.recordServiceComponent);
  const send = useOnce(async () => {
    const { workItem } = await record.mutateAsync({ workItemId: w.workItemId, version: w.version, number: w.serviceComponent, status: "COM", on });
    setAgain(false);
    await acted(workItem, `Service component ${w.serviceComponent} is recorded`);
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    const problem = startOf(on) === undefined ? "Enter the day it was done." : on > today() ? "Choose today or a day before it." : "";
    setWrong(problem);
    if (!problem) void send();
  };
  return (
    <Stack gap={1}>
      <H3 fontSize="md">Service component {w.serviceComponent}</H3>
      <Text as="p">
        {w.serviceComponentRecorded
          ? `It is recorded with status COM; the history has its day.`
          : `Record it before you complete the item: number ${w.serviceComponent}, status COM (completed), and the day it was done.`}
      </Text>
      {w.serviceComponentRecorded && (
        <Button alignSelf="flex-start" aria-expanded={again} onClick={() => setAgain(!again)} size="sm" variant="tertiary">
          Correct its day
        </Button>
      )}
      {(!w.serviceComponentRecorded || again) && (
        <form autoComplete="off" noValidate onSubmit={submit}>
          <Stack gap={1}>
            <TextInput invalid={Boolean(wrong)} label="Day it was done" maxWidth="md" message={wrong} onChange={(e) => setOn(e.target.value)} required type="date" value={on} />
            <NotDone error={record.isPending ? null : record.error} reread={reread} />
            <Button alignSelf="flex-start" loading={record.isPending} type="submit">
              Record the service component
            </Button>
          </Stack>
        </form>
      )}
    </Stack>
  );
}
