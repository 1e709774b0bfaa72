import { Button } from "@ag.ds-next/react/button";
import { Details } from "@ag.ds-next/react/details";
import { Select } from "@ag.ds-next/react/select";
import { Stack } from "@ag.ds-next/react/stack";
import { TextInput } from "@ag.ds-next/react/text-input";
import { useMutation, useQuery } from "@connectrpc/connect-query";
import { useState, type FormEvent } from "react";
import { SessionService } from "../../gen/noticehub/console/v1/session_pb";
import { WorkItemService } from "../../gen/noticehub/workitem/v1/workitem_pb";
import { LongText } from "../../parts/LongText";
import { useKeptText } from "../../parts/useKeptText";
import { useOnce } from "../../parts/useOnce";
import { useSession } from "../../session/session";
import { textProblem } from "../../words/plain";
import { roleWords } from "../../words/roles";
import { hasEnded } from "../../words/workitems";
import { isSupervisor } from "./may";
import { NotDone } from "./NotDone";
import type { Acting } from "./ToDo";

/** Supervisors move items, one by one and each with its reason. */
export function Reassign(acting: Acting) {
  const session = useSession();
  if (!isSupervisor(session) || hasEnded(acting.item.status)) return null;
  return (
    <Details label="Move it to another officer or office">
      <ReassignForm {...acting} />
    </Details>
  );
}

/** Values of the list that name no officer. */
const nobody = "";
const other = "/other";

function ReassignForm({ item: w, acted, reread }: Acting) {
  const { person } = useSession();
  // Who signed in lately is offered; anybody else can be named.
  const people = useQuery(SessionService.method.listPeople, {}).data?.people ?? [];
  const [chosen, setChosen] = useState("");
  const [named, setNamed] = useState("");
  const [office, setOffice] = useState("");
  const [reason, setReason] = useKeptText(`reassign/${w.workItemId}`, person);
  const [wrong, setWrong] = useState<{ named?: string; office?: string; reason?: string }>({});
  const move = useMutation(WorkItemService.method.reassignWorkItem);
  const assignee = chosen === other ? named.trim() : chosen;
  const send = useOnce(async () => {
    const { workItem } = await move.mutateAsync({ workItemId: w.workItemId, version: w.version, assignee, office: office.trim().toUpperCase(), reason: reason.trim() });
    setReason("");
    setChosen("");
    setNamed("");
    setOffice("");
    await acted(workItem, assignee ? `The work item is with ${assignee} now` : "Nobody has the work item now");
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    const why = textProblem(reason, 10, 1000, "Say why this item moves, in at least 10 characters.");
    const problems = {
      ...(chosen === other && !/^[^\s-]\S*$/.test(assignee) && { named: "Enter the officer’s id, without spaces." }),
      ...(office.trim() && !/^[A-Za-z0-9]{2,10}$/.test(office.trim()) && { office: "An office is 2 to 10 letters and digits, such as DRW." }),
      ...(why && { reason: why }),
    };
    setWrong(problems);
    if (Object.keys(problems).length === 0) void send();
  };
  return (
    <form autoComplete="off" noValidate onSubmit={submit}>
      <Stack gap={1}>
        <Select
          hideOptionalLabel
          label="Officer"
          maxWidth="xl"
          onChange={(e) => setChosen(e.target.value)}
          options={[
            { value: nobody, label: "Nobody: anybody may take it" },
            ...people.filter((p) => p.roles.some((r) => r !== "auditor" && r !== "administrator")).map((p) => ({ value: p.person, label: `${p.person} (${roleWords(p.roles)}${p.present ? ", signed in" : ""})` })),
            { value: other, label: "Somebody else" },
          ]}
          value={chosen}
        />
        {chosen === other && <TextInput invalid={Boolean(wrong.named)} label="Officer’s id" maxLength={100} message={wrong.named} onChange={(e) => setNamed(e.target.value)} required value={named} />}
        <TextInput hint={`Empty keeps ${w.office || "it without one"}`} invalid={Boolean(wrong.office)} label="Office" maxLength={12} maxWidth="md" message={wrong.office} onChange={(e) => setOffice(e.target.value)} value={office} />
        <LongText hint="It stays in the item’s history. Each item needs a reason of its own." label="Reason" most={1000} onChange={setReason} problem={wrong.reason} required rows={3} value={reason} />
        <NotDone error={move.isPending ? null : move.error} reread={reread} />
        <Button alignSelf="flex-start" loading={move.isPending} type="submit" variant="secondary">
          Move the work item
        </Button>
      </Stack>
    </form>
  );
}
