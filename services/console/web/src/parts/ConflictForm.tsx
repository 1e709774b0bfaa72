import { Button } from "@ag.ds-next/react/button";
import { SectionAlert } from "@ag.ds-next/react/section-alert";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextInput } from "@ag.ds-next/react/text-input";
import { useMutation } from "@connectrpc/connect-query";
import { useState, type FormEvent } from "react";
import { RestrictedAccessService } from "../gen/noticehub/processing/v1/restricted_pb";
import { useSession } from "../session/session";
import { plain, textProblem } from "../words/plain";
import { Confirm } from "./Confirm";
import { crnProblem, normalCrn } from "./crn";
import { LongText } from "./LongText";
import { Refused } from "./Refused";
import { useKeptText } from "./useKeptText";
import { useOnce } from "./useOnce";

const most = 1000;

type Props = {
  /** The customer, where the screen is about one; else it is asked for. */
  crn?: string;
  /** What the draft is kept under; names no customer. */
  name: string;
  onDone: () => Promise<unknown>;
};

/** Declares that an officer must not see a customer's record. It is never taken back. */
export function ConflictForm({ crn: known = "", name, onDone }: Props) {
  const { person, roles } = useSession();
  const supervisor = roles.includes("supervisor");
  const [given, setGiven] = useState("");
  const [officer, setOfficer] = useState("");
  const [reason, setReason] = useKeptText(`conflict/${name}`, person);
  const [wrong, setWrong] = useState<{ crn?: string; reason?: string; officer?: string }>({});
  const [asking, setAsking] = useState(false);
  const declare = useMutation(RestrictedAccessService.method.declareConflict);
  const crn = known || normalCrn(given);
  const who = officer.trim();
  const send = useOnce(async () => {
    await declare.mutateAsync({ crn, officerId: who, reason });
    setReason("");
    setGiven("");
    setOfficer("");
    await onDone();
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    const why = textProblem(reason, 3, most, "Say what the conflict is, in at least 3 characters.");
    const problems = {
      ...(crnProblem(crn) && { crn: crnProblem(crn) }),
      ...(who.length > 100 && { officer: "At most 100 characters." }),
      ...(why && { reason: why }),
    };
    setWrong(problems);
    declare.reset();
    setAsking(Object.keys(problems).length === 0);
  };
  return (
    <form noValidate onSubmit={submit}>
      <Stack gap={1}>
        <Text as="p">Your own record, a relative’s, somebody’s you know: declare it, and the hub shows you nothing of that record any more.</Text>
        {known ? (
          <Text as="p">Customer {known}</Text>
        ) : (
          <TextInput
            autoComplete="off"
            invalid={Boolean(wrong.crn)}
            label="CRN of the customer concerned"
            maxLength={20}
            message={wrong.crn}
            onChange={(e) => setGiven(plain(e.target.value))}
            required
            value={given}
          />
        )}
        {supervisor && (
          <TextInput
            hint="Leave it empty when it is you."
            invalid={Boolean(wrong.officer)}
            label="Officer concerned"
            message={wrong.officer}
            onChange={(e) => setOfficer(plain(e.target.value))}
            value={officer}
          />
        )}
        <LongText
          hint="Such as “own record” or “relative”; no more than needed."
          label="What the conflict is"
          most={most}
          onChange={setReason}
          problem={wrong.reason}
          required
          rows={2}
          value={reason}
        />
        <Refused error={declare.isPending ? null : declare.error} />
        {declare.isSuccess && !declare.isPending && (
          <SectionAlert focusOnMount role="status" tabIndex={-1} title="The conflict of interest is on record" tone="success">
            <Text as="p">Release the entry if you hold it, so that another officer can take it up.</Text>
          </SectionAlert>
        )}
        <Button alignSelf="flex-start" loading={declare.isPending} type="submit" variant="secondary">
          Declare the conflict
        </Button>
      </Stack>
      <Confirm
        doIt="Declare it for good"
        isOpen={asking}
        onClose={() => setAsking(false)}
        onConfirm={() => {
          setAsking(false);
          void send();
        }}
        text={`${who || "You"} will never see the record of ${crn} again in this hub. A declaration cannot be taken back.`}
        title="Declare a conflict of interest?"
      />
    </form>
  );
}
