import { Column, Columns } from "@ag.ds-next/react/columns";
import { Details } from "@ag.ds-next/react/details";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import type { CatalogueEntry, CountWorkItemsResponse } from "../../gen/noticehub/workitem/v1/workitem_pb";
import { Sheet } from "../../parts/Sheet";
import { useSession } from "../../session/session";
import { emptyFilters, itemsPath } from "./filters";
import { isRestrictedOfficer } from "./may";

type Props = { counts: CountWorkItemsResponse; catalogue: CatalogueEntry[]; office: string };
type Line = { key: string; label: string; open: bigint; href: string | undefined };

/** Open items by code and by office, of the same source as the number above the list. */
export function Counts({ counts, catalogue, office }: Props) {
  const session = useSession();
  const sum = (of: (c: CountWorkItemsResponse["counts"][number]) => string, only = "") => {
    const by = new Map<string, bigint>();
    for (const c of counts.counts) if (!only || c.office === only) by.set(of(c), (by.get(of(c)) ?? 0n) + c.open);
    return [...by].filter(([, n]) => n > 0n).sort((a, b) => Number(b[1] - a[1]));
  };
  const titles = new Map(catalogue.map((e) => [e.code, e.title]));
  const codes = sum((c) => c.code, office).map(([code, open]): Line => ({ key: code, label: `${code} ${titles.get(code) ?? ""}`, open, href: itemsPath({ ...emptyFilters, code, office }) }));
  const offices = sum((c) => c.office).map(([name, open]): Line => ({ key: name, label: name || "No office", open, href: name ? itemsPath({ ...emptyFilters, office: name }) : undefined }));
  return (
    <Details label="Open items by code and office">
      {!isRestrictedOfficer(session) && <Text as="p">Items of restricted records are not counted here.</Text>}
      {codes.length === 0 ? (
        <Text as="p">There is no open work item{office ? ` of office ${office}` : ""}.</Text>
      ) : (
        <Columns>
          <Column columnSpan={{ xs: 12, lg: 8 }}>
            <Lines caption={office ? `By code, office ${office}` : "By code"} head="Code" lines={codes} />
          </Column>
          <Column columnSpan={{ xs: 12, lg: 4 }}>
            <Lines caption="By office" head="Office" lines={offices} />
          </Column>
        </Columns>
      )}
    </Details>
  );
}

const Lines = ({ caption, head, lines }: { caption: string; head: string; lines: Line[] }) => (
  <Sheet
    caption={caption}
    heads={[head, { text: "Open", right: true }]}
    rows={lines.map((l) => ({ key: l.key, cells: [l.href ? <TextLink href={l.href}>{l.label}</TextLink> : l.label, String(l.open)] }))}
  />
);
