import type { Transport } from "@connectrpc/connect";
import { Format, ReportService, type Report } from "../../gen/noticehub/advice/v1/report_pb";
import { hex, sha256 } from "../../parts/saveFile";

/** Formats as people ask for them. */
export const forms = { CSV: Format.CSV, JSON: Format.JSON } as const;
export type Form = keyof typeof forms;

/** Longest wait for a whole report; those of a busy day are some tens of megabytes. */
const patience = 5 * 60_000;

/** Streams the sealed bytes, the first ones only when there is an end to what is wanted. */
async function streamed(transport: Transport, report: Report, form: Form, most = Infinity): Promise<{ bytes: Uint8Array<ArrayBuffer>; report: Report; whole: boolean }> {
  const stop = new AbortController();
  async function* request() {
    yield { authorityId: report.authorityId, reportDate: report.reportDate, format: forms[form] };
  }
  const answer = await transport.stream(ReportService.method.streamReport, stop.signal, patience, undefined, request());
  const pieces: Uint8Array[] = [];
  let size = 0;
  let told = report;
  let whole = true;
  for await (const piece of answer.message) {
    told = piece.report ?? told;
    pieces.push(piece.content);
    size += piece.content.length;
    if (size >= most) {
      whole = false;
      break;
    }
  }
  stop.abort();
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const p of pieces) {
    bytes.set(p, at);
    at += p.length;
  }
  return { bytes, report: told, whole };
}

/** What a preview shows at most. */
const previewBytes = 16_384;
const previewLines = 40;

export async function preview(transport: Transport, report: Report, form: Form): Promise<{ text: string; whole: boolean }> {
  const { bytes, whole } = await streamed(transport, report, form, previewBytes);
  // A piece may end within a character, and pieces are larger than a preview.
  const lines = new TextDecoder().decode(bytes.subarray(0, previewBytes), { stream: true }).split("\n");
  const cut = !whole || bytes.length > previewBytes || lines.length > previewLines;
  return { text: lines.slice(0, previewLines).join("\n"), whole: !cut };
}

/** The bytes arrived are not the sealed ones. */
export class Damaged extends Error {}

/** Fetches the whole report and checks it against the digest it was sealed with. */
export async function fetchWhole(transport: Transport, report: Report, form: Form) {
  const { bytes, report: told } = await streamed(transport, report, form);
  // The digest the screen showed before is the one that counts.
  const want = hex(form === "CSV" ? report.csvDigest : report.jsonDigest);
  const got = hex(await sha256(bytes));
  if (got !== want || told.reportId !== report.reportId) throw new Damaged();
  return { bytes, digest: got };
}
