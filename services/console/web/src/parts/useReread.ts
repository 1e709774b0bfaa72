import type { DescMethodUnary } from "@bufbuild/protobuf";
import { createConnectQueryKey, useTransport } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";

/** Reads what the screen shows of these methods again, whatever was asked of them. */
export function useReread() {
  const cache = useQueryClient();
  const transport = useTransport();
  return useCallback(
    (...methods: DescMethodUnary[]) =>
      Promise.all(methods.map((schema) => cache.invalidateQueries({ queryKey: createConnectQueryKey({ schema, transport, cardinality: "finite" }) }))),
    [cache, transport],
  );
}
