import { Details } from "@ag.ds-next/react/details";
import { Stack } from "@ag.ds-next/react/stack";
import type { Delivery } from "../../gen/noticehub/advice/v1/report_pb";
import { Facts } from "../../parts/Facts";
import { Code } from "../../parts/Raw";
import { hex } from "../../parts/saveFile";
import { linesWords, sizeWords } from "../../words/reports";
import { day, moment } from "../../words/time";
import { Standing } from "./Standing";

export function ReportFacts({ delivery: d }: { delivery: Delivery }) {
  const r = d.report;
  return (
    <Stack gap={1}>
      <Facts
        facts={[
          ["Stands", <Standing delivery={d} />],
          ["Lines", r ? linesWords(d.lines) : `${linesWords(d.lines)} so far`],
          ["Covers", r && (r.coversFrom === r.coversTo ? day(r.coversFrom) : `${day(r.coversFrom)} to ${day(r.coversTo)}`)],
          ["Number", r && `${r.sequence} of this authority`],
          ["Still open at the cut-off", r && `${r.unprocessed} waited for an officer, ${r.pending} were not decided yet`],
          ["Cut-off", moment(d.cutOffAt)],
          ["Sealed", moment(r?.sealedAt)],
          ["Delivered", r && (moment(r.deliveredAt) || "Not fetched by the authority")],
          ["Acknowledged", r && (moment(r.acknowledgedAt) || "Not acknowledged by the authority")],
          ["Due to be acknowledged by", moment(d.dueAt)],
          ["Offered again", r && (d.redeliveries === 0 ? "Never" : d.redeliveries === 1 ? "Once" : `${d.redeliveries} times`)],
        ]}
      />
      {r && (
        <Details label="Digests and signature">
          <Facts
            facts={[
              ["SHA-256 of the CSV", <Code>{hex(r.csvDigest)}</Code>],
              ["Size of the CSV", sizeWords(r.csvSize)],
              ["SHA-256 of the JSON", <Code>{hex(r.jsonDigest)}</Code>],
              ["Size of the JSON", sizeWords(r.jsonSize)],
              ["SHA-256 of the report before", r.previousDigest.length > 0 ? <Code>{hex(r.previousDigest)}</Code> : "None: this is the first"],
              ["Signed with the key", <Code>{r.keyId}</Code>],
              ["Signature (Ed25519)", <Code>{hex(r.signature)}</Code>],
            ]}
          />
        </Details>
      )}
    </Stack>
  );
}
