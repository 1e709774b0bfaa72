import { Table, TableCaption, TableHead, TableHeader, TableRow, TableWrapper } from "@ag.ds-next/react/table";
import type { ReactNode } from "react";
import { Rows } from "./Rows";

/** A column: its heading; numbers stand right; what a phone has no room for is left out there. */
export type Head = string | { text: string; right?: boolean; wide?: boolean };

type Props = {
  heads: Head[];
  /** The first cell names its row. */
  rows: { key: string; cells: ReactNode[] }[];
  /** Id of the heading that names the table, where it has no caption. */
  labelledBy?: string;
  caption?: string;
};

const wide = { xs: "none", md: "table-cell" } as const;

/** A table of rows with a name each; it scrolls in its own box where the window is too narrow. */
export function Sheet({ heads, rows, labelledBy, caption }: Props) {
  const columns = heads.map((h) => (typeof h === "string" ? { text: h } : h));
  const looks = columns.map((c) => ({ ...(c.right && { textAlign: "right" as const }), ...(c.wide && { display: wide }) }));
  const classes = columns.map((c) => [c.right && "right", c.wide && "wide"].filter(Boolean).join(" ") || undefined);
  return (
    <TableWrapper>
      <Table aria-labelledby={labelledBy} striped>
        {caption && <TableCaption>{caption}</TableCaption>}
        <TableHead>
          <TableRow>
            {columns.map((c, i) => (
              <TableHeader key={c.text} scope="col" {...looks[i]}>
                {c.text}
              </TableHeader>
            ))}
          </TableRow>
        </TableHead>
        <Rows>
          {rows.map((r) => (
            <tr key={r.key}>
              {r.cells.map((cell, i) =>
                i === 0 ? (
                  <th className={classes[i]} key={i} scope="row">
                    {cell}
                  </th>
                ) : (
                  <td className={classes[i]} key={i}>
                    {cell}
                  </td>
                ),
              )}
            </tr>
          ))}
        </Rows>
      </Table>
    </TableWrapper>
  );
}
