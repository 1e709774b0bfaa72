import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { customerPath, routes } from "../../app/routes";
import { Group, type WorkItem } from "../../gen/noticehub/workitem/v1/workitem_pb";
import { useSession } from "../../session/session";

/** Codes about a notice are worked on where the authority's submissions are. */
const ofNotices = (w: WorkItem) => w.group === Group.CHILD_PROTECTION_IMCO || w.code === "I086Q1";

const seeSubmissions = ["contact-officer", "supervisor", "restricted-access-officer", "auditor"];

/** Where the work of an item is done: the record, and for notices what the authority lodged. */
export function Places({ item: w }: { item: WorkItem }) {
  const { roles } = useSession();
  if (!w.crn) return null;
  const submissions = ofNotices(w) && roles.some((r) => seeSubmissions.includes(r));
  return (
    <Text as="p">
      <TextLink href={customerPath(w.crn)}>{w.workflowOnly ? "Go to the customer’s record, where the workflow begins" : "Look into the customer’s record"}</TextLink>
      {submissions && " · "}
      {submissions && <TextLink href={`${routes.submissions}#crn=${encodeURIComponent(w.crn)}`}>See what authorities lodged about the customer</TextLink>}
    </Text>
  );
}
