import { clone } from "@bufbuild/protobuf";
import { callUnaryMethod, createConnectQueryKey, useTransport } from "@connectrpc/connect-query";
import { useQuery } from "@tanstack/react-query";
import { AuditService, SearchEntriesRequestSchema, type Entry, type SearchEntriesRequest } from "../../gen/noticehub/audit/v1/audit_pb";

/** How many pages without an entry are gone through before the auditor is asked. */
const emptyPages = 8;

export type Found = { entries: Entry[]; next: string };

/**
 * One page of a search. A page of the log may hold nothing that matches and still
 * have a next one: it is gone on by itself for a while. Every look is on record, so
 * nothing is asked twice by itself.
 */
export function useSearch(request: SearchEntriesRequest, pageToken: string) {
  const transport = useTransport();
  return useQuery<Found>({
    queryKey: ["audit-search", createConnectQueryKey({ schema: AuditService.method.searchEntries, input: request, cardinality: "finite" }), pageToken],
    refetchOnMount: "always",
    gcTime: 0,
    queryFn: async ({ signal }) => {
      const page = clone(SearchEntriesRequestSchema, request);
      page.pageToken = pageToken;
      for (let i = 1; ; i++) {
        const { entries, nextPageToken } = await callUnaryMethod(transport, AuditService.method.searchEntries, page, { signal });
        if (entries.length > 0 || !nextPageToken || i === emptyPages) return { entries, next: nextPageToken };
        page.pageToken = nextPageToken;
      }
    },
  });
}
