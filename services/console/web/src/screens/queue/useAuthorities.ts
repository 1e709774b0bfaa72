import { useQuery } from "@connectrpc/connect-query";
import { useCallback } from "react";
import { RegistryService } from "../../gen/noticehub/registry/v1/registry_pb";

export const useAuthorityList = () => useQuery(RegistryService.method.listAuthorities, {}).data?.authorities ?? [];

/** The name of an authority by its id; the id while the name is not known. */
export function useAuthorities() {
  const list = useAuthorityList();
  return useCallback((id: string) => list.find((a) => a.authorityId === id)?.name || id, [list]);
}
