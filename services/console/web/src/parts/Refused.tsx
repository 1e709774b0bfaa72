import { SectionAlert } from "@ag.ds-next/react/section-alert";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { faultOf, sortOf, type FaultSort } from "../api/fault";

const titles: Record<FaultSort, string> = {
  "signed-out": "You are not signed in any more",
  "not-allowed": "You may not do this",
  "not-found": "It is not there any more",
  conflict: "Somebody else acted first",
  invalid: "This cannot be recorded as it stands",
  unreachable: "The hub does not answer",
  broken: "This failed on our side",
};

/** Stands beside an action that was refused: what happened, and what to do. */
export function Refused({ error }: { error: unknown }) {
  if (!error) return null;
  const fault = faultOf(error);
  const sort = sortOf(fault);
  const unsure = sort === "unreachable" || sort === "broken";
  return (
    <SectionAlert focusOnMount role="alert" tabIndex={-1} title={titles[sort]} tone={sort === "conflict" ? "warning" : "error"}>
      <Stack gap={0.5}>
        {fault.fields.length > 0
          ? fault.fields.map((f) => (
              <Text as="p" key={f.path + f.description}>
                {f.path}: {f.description}
              </Text>
            ))
          : fault.reason && <Text as="p">{sentence(fault.message)}</Text>}
        {fault.help && <Text as="p">{fault.help}</Text>}
        {unsure && <Text as="p">It may or may not have been recorded. Do the same again: it is never recorded twice.</Text>}
      </Stack>
    </SectionAlert>
  );
}

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
