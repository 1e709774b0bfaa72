import { Checkbox } from "@ag.ds-next/react/checkbox";
import { Modal } from "@ag.ds-next/react/modal";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextInput } from "@ag.ds-next/react/text-input";
import { useMutation } from "@connectrpc/connect-query";
import { useState, type FormEvent } from "react";
import { ViewService } from "../../gen/noticehub/console/v1/view_pb";
import { Refused } from "../../parts/Refused";
import { useActionId, useOnce } from "../../parts/useOnce";
import { queryOf, type Filters, type List } from "./filters";
import { screenOf } from "./SavedViews";
import { DialogButtons } from "../../parts/DialogButtons";

export const longestName = 60;

export const nameProblem = (name: string) => (name ? (name.length > longestName ? `At most ${longestName} characters.` : "") : "Give it a name.");

/** No control characters; those of a paste become spaces. */
export const tidyName = (text: string) => text.replaceAll(/[\u0000-\u001f\u007f]+/g, " ").trim();

type Props = { list: List; filters: Filters; onClose: () => void; onSaved: () => Promise<unknown> };

/** Keeps the filter under a name. */
export function SaveView({ list, filters, onClose, onSaved }: Props) {
  const [name, setName] = useState("");
  const [shared, setShared] = useState(false);
  const [wrong, setWrong] = useState("");
  const put = useMutation(ViewService.method.putView);
  const viewId = useActionId();
  const send = useOnce(async () => {
    // The hub's alphabet for filters leaves out the one sign that addresses may hold besides.
    const query = queryOf(list, { ...filters, page: "", before: 0 }).replaceAll("*", "%2A");
    const view = { screen: screenOf[list], name: tidyName(name), query, shared };
    await put.mutateAsync({ ...view, viewId: viewId(view), version: 0 });
    await onSaved();
    onClose();
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    const problem = nameProblem(tidyName(name));
    setWrong(problem);
    if (!problem) void send();
  };
  return (
    <Modal isOpen onClose={onClose} title="Save this filter">
      <form noValidate onSubmit={submit}>
        <Stack gap={1}>
          {(filters.crn || filters.reference) && <Text as="p">CRN and reference name a customer: they are not part of a saved view.</Text>}
          <TextInput autoComplete="off" block invalid={Boolean(wrong)} label="Name" message={wrong} onChange={(e) => setName(e.target.value)} required value={name} />
          <Checkbox checked={shared} onChange={(e) => setShared(e.target.checked)}>
            Share it with the team
          </Checkbox>
          <Refused error={put.isPending ? null : put.error} />
          <DialogButtons busy={put.isPending} doIt="Save" onClose={onClose} />
        </Stack>
      </form>
    </Modal>
  );
}
