import { Modal } from "@ag.ds-next/react/modal";
import { Select } from "@ag.ds-next/react/select";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { Textarea } from "@ag.ds-next/react/textarea";
import { TextInput } from "@ag.ds-next/react/text-input";
import { useQuery } from "@connectrpc/connect-query";
import { useState, type FormEvent } from "react";
import { SessionService } from "../../gen/noticehub/console/v1/session_pb";
import { useActionId } from "../../parts/useOnce";
import { useKeptText } from "../../parts/useKeptText";
import { useSession } from "../../session/session";
import { today } from "../../words/time";
import { naming, useActing, type ActRequest, type Verb } from "./acting";
import type { Scope } from "./BatchBar";
import { isDay } from "./filters";
import { DialogButtons } from "../../parts/DialogButtons";

const titles: Record<Verb, (n: number) => string> = {
  claim: (n) => `Claim ${n}`,
  release: (n) => `Release ${n}`,
  assign: (n) => `Assign ${n}`,
  hold: (n) => `Set ${n} aside`,
  reprocess: (n) => `Process ${n} again`,
};

const effects: Record<Verb, string> = {
  claim: "They are yours until the claims expire. What somebody else holds stays theirs.",
  release: "Whoever comes next can take them. What somebody else holds stays theirs.",
  assign: "The officer has them until they are released or assigned again, also those that others hold.",
  hold: "They are in the queue again on the day. Claims on them end.",
  reprocess: "Automatic processing decides them again by today’s policy and facts. What it decides cannot be undone.",
};

type Props = { verb: Verb; scope: Scope; onClose: () => void; onSent: () => void };

/** Asks once more, with the total, before many entries are acted on; and for what the action needs. */
export function ActDialog({ verb, scope, onClose, onSent }: Props) {
  const { person } = useSession();
  const { begin } = useActing();
  const actionId = useActionId();
  const people = useQuery(SessionService.method.listPeople, { roles: ["contact-officer", "supervisor"] }, { enabled: verb === "assign", refetchOnMount: "always" });
  const [officer, setOfficer] = useState("");
  const [until, setUntil] = useState("");
  const [why, setWhy] = useKeptText(`queue-${verb}`, person);
  const [wrong, setWrong] = useState<{ officer?: string; until?: string; why?: string }>({});
  const needsWhy = verb === "assign" || verb === "hold";
  const entries = scope.count === 1 ? "1 entry" : `${scope.count} entries`;

  const send = (e: FormEvent) => {
    e.preventDefault();
    const reason = why.trim();
    const problems = {
      ...(verb === "assign" && !officer.trim() && { officer: "Choose an officer." }),
      ...(verb === "hold" && (!isDay(until) || until <= today()) && { until: "Choose a day after today." }),
      ...(needsWhy && (reason.length < 3 || reason.length > 1000) && { why: "Say why, in 3 to 1000 characters." }),
    };
    setWrong(problems);
    if (Object.keys(problems).length > 0) return;
    const action = ((): ActRequest["action"] => {
      if (verb === "assign") return { case: "assign", value: { officerId: officer.trim(), reason } };
      if (verb === "hold") return { case: "hold", value: { until, note: reason } };
      return { case: verb, value: {} };
    })();
    if ("ids" in scope) begin(verb, naming(scope.ids, actionId([scope.ids, action]), action));
    else {
      const which = { case: "matching" as const, value: { search: scope.search, asAt: scope.counted.asAt, confirmedTotal: scope.counted.total } };
      begin(verb, [{ actionId: crypto.randomUUID(), which, action }]);
    }
    setWhy("");
    onSent();
  };

  return (
    <Modal isOpen onClose={onClose} title={`${titles[verb](scope.count)}?`}>
      <form noValidate onSubmit={send}>
        <Stack gap={1}>
          <Text as="p">
            {"ids" in scope ? `${entries} that you selected.` : `All ${entries} that match the filters now; what comes later is left alone.`} {effects[verb]}
          </Text>
          {verb === "assign" &&
            // A list that comes late does not take the field away under the officer's hands.
            (people.isPending || people.data?.people.length ? (
              <Select
                block
                invalid={Boolean(wrong.officer)}
                label="Officer"
                message={wrong.officer}
                onChange={(e) => setOfficer(e.target.value)}
                options={(people.data?.people ?? []).map((p) => ({ value: p.person, label: p.present ? `${p.person} (signed in)` : p.person }))}
                placeholder={people.isPending ? "Loading the list of officers" : "Choose"}
                required
                value={officer}
              />
            ) : (
              <TextInput
                block
                hint={people.error ? "The list of officers cannot be had now: enter the account’s name." : "Nobody signed in lately: enter the account’s name."}
                invalid={Boolean(wrong.officer)}
                label="Officer"
                maxLength={100}
                message={wrong.officer}
                onChange={(e) => setOfficer(e.target.value)}
                required
                value={officer}
              />
            ))}
          {verb === "hold" && (
            <TextInput invalid={Boolean(wrong.until)} label="Set aside until" message={wrong.until} onChange={(e) => setUntil(e.target.value)} required type="date" value={until} />
          )}
          {needsWhy && (
            <Textarea block hint="It stands on each entry." invalid={Boolean(wrong.why)} label="Why" message={wrong.why} onChange={(e) => setWhy(e.target.value)} required rows={2} value={why} />
          )}
          <DialogButtons doIt={titles[verb](scope.count)} onClose={onClose} />
        </Stack>
      </form>
    </Modal>
  );
}
