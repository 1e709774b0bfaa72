import { PageAlert } from "@ag.ds-next/react/page-alert";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { routes } from "../../app/routes";
import { mayAct, useSession } from "../../session/session";

/** Stands in the place of a restricted record: that it is restricted, what can be done and who can. Nothing else. */
export function Restricted({ crn }: { crn: string }) {
  const session = useSession();
  return (
    <PageAlert role="alert" title="Access to this record is restricted" tone="warning">
      <Stack gap={0.5}>
        <Text as="p">Nothing of record {crn} is shown to you. Only the Restricted Access officer sees it, and acts on its work items.</Text>
        <Text as="p">
          If you need it to decide a submission, ask for a risk assessment on that submission: the Restricted Access officer can lift access for you, for a
          time. For anything else, leave it to the Restricted Access officer.
        </Text>
        {mayAct(session) && (
          <Text as="p">
            <TextLink href={routes.restricted}>Go to Restricted Access</TextLink>
          </Text>
        )}
      </Stack>
    </PageAlert>
  );
}
