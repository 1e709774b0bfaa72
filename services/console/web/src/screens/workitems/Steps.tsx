import { H2 } from "@ag.ds-next/react/heading";
import { ListItem, OrderedList } from "@ag.ds-next/react/list";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import type { WorkItemStep } from "../../gen/noticehub/workitem/v1/workitem_pb";
import { Words } from "../../parts/Words";
import { useSession } from "../../session/session";
import { actorWords } from "../../words/actor";
import { moment } from "../../words/time";
import { stepWords } from "../../words/workitems";

/** Everything that was done with the item, oldest first. */
export function Steps({ history }: { history: WorkItemStep[] }) {
  const { person } = useSession();
  return (
    <Stack gap={1}>
      <H2 fontSize="lg">History</H2>
      <OrderedList>
        {history.map((s) => (
          <ListItem key={s.version}>
            <Text as="p">
              {stepWords(s.action)} by {actorWords(s.actor, person)}, {moment(s.at)}
            </Text>
            {s.note && <Words text={s.note} />}
          </ListItem>
        ))}
      </OrderedList>
    </Stack>
  );
}
