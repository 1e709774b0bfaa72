import { Button } from "@ag.ds-next/react/button";
import { H2 } from "@ag.ds-next/react/heading";
import { SectionAlert } from "@ag.ds-next/react/section-alert";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import type { ReactNode } from "react";
import { faultOf, sortOf } from "../api/fault";
import { Loading } from "./Loading";

type Query<T> = { data: T | undefined; error: unknown; isPending: boolean; refetch: () => unknown };

type Props<T> = {
  id: string;
  /** Left out where a heading with the id stands above already. */
  title?: string;
  /** As it stands in a sentence: "the documents". */
  what: string;
  query: Query<T>;
  children: (data: T) => ReactNode;
};

/** A part of a screen that loads, and fails, apart from the others. */
export function Part<T>({ id, title, what, query, children }: Props<T>) {
  return (
    <section aria-labelledby={id}>
      <Stack gap={1}>
        {title && (
          <H2 fontSize="lg" id={id}>
            {title}
          </H2>
        )}
        {query.error !== null && <PartFailed error={query.error} had={query.data !== undefined} onRetry={() => void query.refetch()} what={what} />}
        {query.isPending && <Loading what={what} />}
        {query.data !== undefined && children(query.data)}
      </Stack>
    </section>
  );
}

function PartFailed({ error, had, onRetry, what }: { error: unknown; had: boolean; onRetry: () => void; what: string }) {
  const fault = faultOf(error);
  const refused = sortOf(fault) === "not-allowed";
  const name = what.charAt(0).toUpperCase() + what.slice(1);
  return (
    <SectionAlert role="alert" title={refused ? `${name}: not open to your role` : `${name} could not be loaded`} tone={refused ? "warning" : "error"}>
      <Stack alignItems="flex-start" gap={0.5}>
        <Text as="p">
          {fault.reason ? `${fault.fields.map((f) => f.description).join("; ") || fault.message}. ` : "The hub does not answer. "}
          {fault.help} {had && "What is shown below is as it was."}
        </Text>
        {!refused && (
          <Button onClick={onRetry} size="sm" variant="secondary">
            Load {what} again
          </Button>
        )}
      </Stack>
    </SectionAlert>
  );
}
