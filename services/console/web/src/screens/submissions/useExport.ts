import { useTransport } from "@connectrpc/connect-query";
import { useCallback, useEffect, useRef, useState } from "react";
import type { SearchSubmissionsRequest } from "../../gen/noticehub/processing/v1/queue_pb";
import { WorkloadService } from "../../gen/noticehub/processing/v1/workload_pb";
import { saveFile } from "../../parts/saveFile";
import { today } from "../../words/time";

/** The file's last line, which says whether it is all there is (workload.proto). */
const endLine = /(?:^|\n)"?# end of export: (\d+) rows, (complete|not complete)[^\n]*\r?\n?$/;
const tail = 1_000;

export type Export =
  | { state: "running"; bytes: number }
  | { state: "saved"; rows: string; complete: boolean }
  | { state: "cut" }
  | { state: "failed"; error: unknown };

/** Fetches what a search finds as one file, and offers it only when its last line arrived. */
export function useExport() {
  const transport = useTransport();
  const [shown, setShown] = useState<Export>();
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  const stop = useCallback(() => {
    running.current?.abort();
    running.current = undefined;
    setShown(undefined);
  }, []);
  const start = useCallback(
    async (search: SearchSubmissionsRequest) => {
      if (running.current) return;
      const mine = (running.current = new AbortController());
      const tell = (e: Export) => running.current === mine && setShown(e);
      const parts: Uint8Array<ArrayBuffer>[] = [];
      let bytes = 0;
      tell({ state: "running", bytes });
      async function* once() {
        yield { search };
      }
      try {
        const answer = await transport.stream(WorkloadService.method.exportSubmissions, mine.signal, 0, undefined, once());
        for await (const { content } of answer.message) {
          parts.push(content as Uint8Array<ArrayBuffer>);
          bytes += content.length;
          tell({ state: "running", bytes });
        }
        if (running.current !== mine) return;
        const end = endLine.exec(await new Blob(parts).slice(-tail).text());
        if (end) saveFile(`submissions-${today()}.csv`, parts, "text/csv;charset=utf-8");
        tell(end ? { state: "saved", rows: end[1]!, complete: end[2] === "complete" } : { state: "cut" });
      } catch (error) {
        tell({ state: "failed", error });
      } finally {
        if (running.current === mine) running.current = undefined;
      }
    },
    [transport],
  );
  return { shown, start, stop };
}
