import { SummaryList, SummaryListItem, SummaryListItemDescription, SummaryListItemTerm } from "@ag.ds-next/react/summary-list";
import type { ReactNode } from "react";

/** Terms with their values; what has no value is left out. */
export function Facts({ facts }: { facts: [term: string, value: ReactNode][] }) {
  return (
    <SummaryList>
      {facts
        .filter(([, value]) => value !== "" && value !== undefined && value !== null)
        .map(([term, value]) => (
          <SummaryListItem key={term}>
            <SummaryListItemTerm>{term}</SummaryListItemTerm>
            <SummaryListItemDescription>{value}</SummaryListItemDescription>
          </SummaryListItem>
        ))}
    </SummaryList>
  );
}
