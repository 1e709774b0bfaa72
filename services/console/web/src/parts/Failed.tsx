import { Button } from "@ag.ds-next/react/button";
import { PageAlert } from "@ag.ds-next/react/page-alert";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { faultOf, sortOf, type FaultSort } from "../api/fault";

const titles: Record<FaultSort, string> = {
  "signed-out": "is for people who are signed in",
  "not-allowed": "is not open to your role",
  "not-found": "was not found",
  conflict: "was changed by somebody else",
  invalid: "cannot be shown for what was asked",
  unreachable: "is out of reach",
  broken: "could not be loaded",
};

const advice: Record<FaultSort, string> = {
  "signed-out": "Sign in again.",
  "not-allowed": "Contact officers, supervisors, Restricted Access officers and auditors see it. Who looks after accounts can give you a role.",
  "not-found": "The address may be cut off, or it names something that never was.",
  conflict: "Load it again to see what it is now.",
  invalid: "Change what you asked for.",
  unreachable: "The hub does not answer. Nothing was lost; try again in a moment.",
  broken: "That is a fault of ours. Try again; if it stays, tell the operators.",
};

/** Stands where something could not be loaded: it never looks like an empty list. */
export function Failed({ error, what, onRetry }: { error: unknown; what: string; onRetry?: () => void }) {
  const fault = faultOf(error);
  const sort = sortOf(fault);
  const told = fault.fields.map((f) => f.description).join("; ") || (fault.reason ? fault.message : "");
  return (
    <PageAlert role="alert" title={`${what} ${titles[sort]}`} tone={sort === "not-allowed" || sort === "not-found" ? "warning" : "error"}>
      <Stack alignItems="flex-start" gap={0.5}>
        {told && <Text as="p">The hub says: {told}.</Text>}
        <Text as="p">{fault.help || advice[sort]}</Text>
        {onRetry && sort !== "not-allowed" && (
          <Button onClick={onRetry} size="sm" variant="secondary">
            Try again
          </Button>
        )}
      </Stack>
    </PageAlert>
  );
}
