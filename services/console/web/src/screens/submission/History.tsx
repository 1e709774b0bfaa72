import { H2 } from "@ag.ds-next/react/heading";
import { ListItem, OrderedList, UnorderedList } from "@ag.ds-next/react/list";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import type { Note, Transition } from "../../gen/noticehub/processing/v1/queue_pb";
import { useSession } from "../../session/session";
import { actorWords } from "../../words/actor";
import { moment } from "../../words/time";
import { statusWords } from "../../words/vocabulary";

/** Everything that happened, oldest first. */
export function History({ history }: { history: Transition[] }) {
  const { person } = useSession();
  return (
    <Stack gap={1}>
      <H2 fontSize="lg">History</H2>
      <OrderedList>
        {history.map((t) => (
          <ListItem key={t.version}>
            {moment(t.at)}: {t.cause}, by {actorWords(t.actor, person)}. {statusWords[t.to]}.
          </ListItem>
        ))}
      </OrderedList>
    </Stack>
  );
}

export function Notes({ notes }: { notes: Note[] }) {
  const { person } = useSession();
  return (
    <Stack gap={1}>
      <H2 fontSize="lg">Notes</H2>
      {notes.length === 0 ? (
        <Text as="p">Nobody has written a note.</Text>
      ) : (
        <UnorderedList>
          {notes.map((n, i) => (
            <ListItem key={i}>
              <Text>{n.text}</Text> <Text color="muted">({actorWords(`officer:${n.officerId}`, person)}, {moment(n.at)}, {n.action})</Text>
            </ListItem>
          ))}
        </UnorderedList>
      )}
    </Stack>
  );
}
