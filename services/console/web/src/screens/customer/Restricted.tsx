import { PageAlert } from "@ag.ds-next/react/page-alert";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { useMutation } from "@connectrpc/connect-query";
import { routes } from "../../app/routes";
import { CircumstanceService } from "../../gen/noticehub/registry/v1/changes_pb";
import { keptNameOf } from "../../parts/crn";
import { useActionId } from "../../parts/useOnce";
import { WhyForm } from "../../parts/WhyForm";
import { mayAct, useSession } from "../../session/session";

type Props = {
  crn: string;
  /** It was open to the officer, and the time is over. */
  over?: boolean;
  onOpened: () => Promise<unknown>;
};

/** Stands in the place of a restricted record: that it is restricted, what can be done and who can. Nothing else. */
export function Restricted({ crn, over = false, onOpened }: Props) {
  const session = useSession();
  const opens = session.roles.includes("restricted-access-officer");
  return (
    <>
      <PageAlert role="alert" title={over ? "The time is over: the record is closed to you again" : "Access to this record is restricted"} tone="warning">
        {opens ? (
          <Text as="p">Nothing of record {crn} is shown, and nothing of it changed, until you say why you open it. It is then open to you for an hour.</Text>
        ) : (
          <Stack gap={0.5}>
            <Text as="p">Nothing of record {crn} is shown to you. Only the Restricted Access officer sees it, and acts on its work items.</Text>
            <Text as="p">
              If you need it to decide a submission, ask for a risk assessment on that submission: the Restricted Access officer can lift access for you, for
              a time. For anything else, leave it to the Restricted Access officer.
            </Text>
            {mayAct(session) && (
              <Text as="p">
                <TextLink href={routes.restricted}>Go to Restricted Access</TextLink>
              </Text>
            )}
          </Stack>
        )}
      </PageAlert>
      {opens && <Open crn={crn} onOpened={onOpened} />}
    </>
  );
}

function Open({ crn, onOpened }: Props) {
  const { mutateAsync, error, isPending } = useMutation(CircumstanceService.method.openRestrictedRecord);
  const actionId = useActionId();
  return (
    <WhyForm
      doIt="Open the restricted record"
      error={error}
      hint="In your own words. The reason, and each look while it is open, are on record."
      label="Why do you open this record?"
      least={10}
      most={1000}
      name={keptNameOf("open", crn)}
      pending={isPending}
      send={async (reason) => {
        await mutateAsync({ crn, reason, actionId: actionId({ crn, reason }) });
        await onOpened();
      }}
    />
  );
}
