import { Button, ButtonGroup } from "@ag.ds-next/react/button";
import { Checkbox } from "@ag.ds-next/react/checkbox";
import { Modal } from "@ag.ds-next/react/modal";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextInput } from "@ag.ds-next/react/text-input";
import { useMutation } from "@connectrpc/connect-query";
import { useRef, useState, type FormEvent } from "react";
import { faultOf, sortOf } from "../../api/fault";
import { ViewService, type View } from "../../gen/noticehub/console/v1/view_pb";
import { Announce } from "../../parts/Announce";
import { Refused } from "../../parts/Refused";
import { useOnce } from "../../parts/useOnce";
import type { List } from "./filters";
import { nameProblem, tidyName } from "./SaveView";
import { screenOf } from "./SavedViews";

type Props = { list: List; views: View[]; onChanged: () => Promise<unknown>; onClose: () => void };

/** Renames, shares and deletes the views that the officer may change. */
export function ManageViews({ list, views, onChanged, onClose }: Props) {
  const [done, setDone] = useState("");
  return (
    <Modal isOpen onClose={onClose} title="Change saved views">
      <Stack gap={2}>
        {views.length === 0 && <Text as="p">There is none that you may change.</Text>}
        {views.map((v) => (
          <OneView
            key={v.viewId}
            list={list}
            onChanged={async (what) => {
              setDone(what);
              await onChanged();
            }}
            view={v}
          />
        ))}
        <Announce text={done} />
      </Stack>
    </Modal>
  );
}

function OneView({ list, view: v, onChanged }: { list: List; view: View; onChanged: (what: string) => Promise<unknown> }) {
  // What was changed here stays when somebody else changes the view; the rest follows it.
  const [edit, setEdit] = useState<{ name?: string; shared?: boolean }>({});
  const { name, shared } = { name: v.name, shared: v.shared, ...edit };
  const field = useRef<HTMLInputElement>(null);
  const [wrong, setWrong] = useState("");
  const [sure, setSure] = useState(false);
  const put = useMutation(ViewService.method.putView);
  const remove = useMutation(ViewService.method.deleteView);
  const error = put.error ?? remove.error;
  const save = useOnce(async () => {
    remove.reset();
    await put.mutateAsync({ viewId: v.viewId, screen: screenOf[list], name: tidyName(name), query: v.query, shared, version: v.version });
    await onChanged(`Changed: ${tidyName(name)}`);
    setEdit({});
  });
  const drop = useOnce(async () => {
    put.reset();
    await remove.mutateAsync({ viewId: v.viewId });
    await onChanged(`Deleted: ${v.name}`);
  });
  const seeNow = async () => {
    await onChanged("Loaded again.");
    put.reset();
    field.current?.focus();
  };
  const submit = (e: FormEvent) => {
    e.preventDefault();
    const problem = nameProblem(tidyName(name));
    setWrong(problem);
    if (!problem) void save();
  };
  return (
    <form aria-label={`View ${v.name}`} noValidate onSubmit={submit}>
      <Stack gap={0.75}>
        <TextInput autoComplete="off" block invalid={Boolean(wrong)} label={`Name of “${v.name}”`} message={wrong} onChange={(e) => setEdit({ ...edit, name: e.target.value })} ref={field} required value={name} />
        <Checkbox checked={shared} onChange={(e) => setEdit({ ...edit, shared: e.target.checked })} size="sm">
          Shared with the team
        </Checkbox>
        <Refused error={put.isPending || remove.isPending ? null : error} />
        {error && sortOf(faultOf(error)) === "conflict" && (
          <Button alignSelf="flex-start" onClick={() => void seeNow()} size="sm" variant="secondary">
            See what it is now
          </Button>
        )}
        {sure ? (
          <ButtonGroup>
            <Button loading={remove.isPending} onClick={() => void drop()} size="sm">
              Delete “{v.name}”{v.shared ? " for everybody" : ""}
            </Button>
            <Button onClick={() => setSure(false)} size="sm" variant="tertiary">
              Keep it
            </Button>
          </ButtonGroup>
        ) : (
          <ButtonGroup>
            <Button loading={put.isPending} size="sm" type="submit" variant="secondary">
              Save “{v.name}”
            </Button>
            <Button aria-label={`Delete ${v.name} …`} onClick={() => setSure(true)} size="sm" variant="tertiary">
              Delete
            </Button>
          </ButtonGroup>
        )}
      </Stack>
    </form>
  );
}
