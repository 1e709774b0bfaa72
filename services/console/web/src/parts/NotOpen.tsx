import { PageAlert } from "@ag.ds-next/react/page-alert";
import { Text } from "@ag.ds-next/react/text";

/** Stands where something is for other roles: nothing was asked of the hub, and it says who can see it. */
export function NotOpen({ what, to }: { what: string; to: string }) {
  return (
    <PageAlert title={`${what} not open to your role`} tone="warning">
      <Text as="p">{to} Who looks after accounts can give you a role.</Text>
    </PageAlert>
  );
}
