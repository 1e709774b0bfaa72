import { Button } from "@ag.ds-next/react/button";
import { Details } from "@ag.ds-next/react/details";
import { H2 } from "@ag.ds-next/react/heading";
import { ListItem, OrderedList } from "@ag.ds-next/react/list";
import { SectionAlert } from "@ag.ds-next/react/section-alert";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { callUnaryMethod, useTransport } from "@connectrpc/connect-query";
import { useMutation } from "@tanstack/react-query";
import { AuditService, type Entry } from "../../gen/noticehub/audit/v1/audit_pb";
import { Facts } from "../../parts/Facts";
import { Failed } from "../../parts/Failed";
import { Code, Raw } from "../../parts/Raw";
import { hex, saveFile } from "../../parts/saveFile";
import { useOnce } from "../../parts/useOnce";
import { useTold } from "../../parts/useTold";
import { included, readCheckpoint } from "./verify";

const command = (position: bigint) => `noticehub audit verify --proof --log-key @log.key ${fileOf(position)}`;
const fileOf = (position: bigint) => `audit-proof-${position}.json`;

/** Shows that an entry is in the log, and checks it here as far as a page can. */
export function Proof({ entry: e }: { entry: Entry }) {
  const transport = useTransport();
  const proof = useMutation({
    mutationFn: async () => {
      const p = await callUnaryMethod(transport, AuditService.method.getProof, { position: e.position });
      const checkpoint = readCheckpoint(p.checkpoint);
      const holds = checkpoint !== undefined && (await included(p.leaf, e.position, p.hashes, checkpoint));
      const leaf = new TextDecoder().decode(p.leaf);
      // The leaf's own words have to be those of the entry above, or it proves another.
      return { ...p, size: checkpoint?.size, holds, leaf, fits: tellsOf(leaf, e) };
    },
  });
  const ask = useOnce(() => proof.mutateAsync());
  const p = proof.data;
  const told = useTold(p);
  return (
    <section aria-labelledby="proof">
      <Stack alignItems="flex-start" gap={1}>
        <H2 fontSize="lg" id="proof">
          Proof
        </H2>
        <Text as="p">Shows that this entry stands in the log at its position and was not altered. Asking for it is on record.</Text>
        <Button loading={proof.isPending} onClick={() => void ask()} variant="secondary">
          {p ? "Prove it again" : "Prove this entry"}
        </Button>
        {proof.error && <Failed error={proof.error} onRetry={() => void ask()} what="The proof" />}
        {p && !proof.isPending && (
          <Stack gap={1} width="100%">
            {p.holds && p.fits ? (
              <SectionAlert focusOnUpdate={told} role="status" tabIndex={-1} title={`The proof holds: entry ${e.position} is in the log of ${p.size} entries`} tone="success">
                <Text as="p">
                  Computed in this page: the hash of the leaf, folded with the {p.hashes.length} hashes below, gives the root in the checkpoint. The checkpoint’s signature is
                  not checked here: the command line does that, with the log’s key that you have from elsewhere.
                </Text>
              </SectionAlert>
            ) : (
              <SectionAlert focusOnUpdate={told} role="alert" tabIndex={-1} title="The proof does not hold" tone="error">
                <Text as="p">
                  {p.holds ? "It proves another entry than the one shown above." : "The leaf and the hashes do not give the root in the checkpoint: something was altered."} Keep
                  the proof, and tell who looks after the log.
                </Text>
              </SectionAlert>
            )}
            <Button alignSelf="flex-start" onClick={() => saveFile(fileOf(e.position), [p.document as Uint8Array<ArrayBuffer>], "application/json")} variant="secondary">
              Download the proof
            </Button>
            <Stack gap={0.5}>
              <Text as="p">To verify it without the hub, its signature included, with the log’s public key in log.key:</Text>
              <Raw breaks label="Command that verifies the proof" text={command(e.position)} />
            </Stack>
            <Details label="Leaf, hashes and checkpoint">
              <Stack gap={1}>
                <Facts
                  facts={[
                    ["Size of the log", String(p.size ?? "")],
                    ["Leaf", <Raw breaks label="Leaf" text={p.leaf} />],
                    [
                      "Hashes",
                      <OrderedList>
                        {p.hashes.map((h, i) => (
                          <ListItem key={i}>
                            <Code>{hex(h)}</Code>
                          </ListItem>
                        ))}
                      </OrderedList>,
                    ],
                    ["Signed checkpoint", <Raw breaks label="Signed checkpoint" text={p.checkpoint} />],
                  ]}
                />
              </Stack>
            </Details>
          </Stack>
        )}
      </Stack>
    </section>
  );
}

/** Whether a leaf's lines name the record, the action and the object of an entry. */
function tellsOf(leaf: string, e: Entry): boolean {
  try {
    const [header, line] = leaf.split("\n", 2).map((l) => JSON.parse(l) as Record<string, unknown>);
    return header?.record === e.recordId && header.actor === e.actor && line?.action === e.action && (line.object ?? "") === e.object;
  } catch {
    return false;
  }
}
