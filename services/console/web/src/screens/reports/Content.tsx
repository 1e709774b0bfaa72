import { Button, ButtonGroup } from "@ag.ds-next/react/button";
import { H2 } from "@ag.ds-next/react/heading";
import { SectionAlert } from "@ag.ds-next/react/section-alert";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { useTransport } from "@connectrpc/connect-query";
import { useMutation } from "@tanstack/react-query";
import type { Report } from "../../gen/noticehub/advice/v1/report_pb";
import { Failed } from "../../parts/Failed";
import { Code, Raw } from "../../parts/Raw";
import { saveFile } from "../../parts/saveFile";
import { useOnce } from "../../parts/useOnce";
import { Damaged, fetchWhole, preview, type Form } from "./fetchReport";

const media: Record<Form, string> = { CSV: "text/csv;charset=utf-8", JSON: "application/json" };
const both: Form[] = ["CSV", "JSON"];

/** The report as the authority gets it: a look at it, and the file. */
export function Content({ report }: { report: Report }) {
  const transport = useTransport();
  const look = useMutation({ mutationFn: async (form: Form) => ({ form, ...(await preview(transport, report, form)) }) });
  const save = useMutation({
    mutationFn: async (form: Form) => {
      const { bytes, digest } = await fetchWhole(transport, report, form);
      const name = `report-${report.authorityId}-${report.reportDate}.${form.toLowerCase()}`;
      saveFile(name, [bytes], media[form]);
      return { name, digest };
    },
  });
  const show = useOnce((form: Form) => look.mutateAsync(form));
  const download = useOnce((form: Form) => save.mutateAsync(form));
  return (
    <Stack gap={1}>
      <H2 fontSize="lg">The report itself</H2>
      <Text as="p">As the authority gets it. It names customers; that you look at it or download it is on record.</Text>
      <ButtonGroup>
        {both.map((form) => (
          <Button key={form} loading={look.isPending && look.variables === form} onClick={() => void show(form)} variant="secondary">
            {`Preview the ${form}`}
          </Button>
        ))}
        {both.map((form) => (
          <Button key={form} loading={save.isPending && save.variables === form} onClick={() => void download(form)} variant="secondary">
            {`Download the ${form}`}
          </Button>
        ))}
      </ButtonGroup>
      {save.data && !save.isPending && (
        <SectionAlert focusOnUpdate={save.data.digest} role="status" tabIndex={-1} title={`${save.data.name} is genuine`} tone="success">
          <Text as="p">
            Its SHA-256 was computed here and is the one the report was sealed with: <Code>{save.data.digest}</Code>
          </Text>
        </SectionAlert>
      )}
      {save.error instanceof Damaged ? (
        <SectionAlert focusOnMount role="alert" tabIndex={-1} title="The file arrived damaged" tone="error">
          <Text as="p">Its SHA-256 is not the one the report was sealed with, so it is not offered to you. Download it again; if it stays, tell the operators.</Text>
        </SectionAlert>
      ) : (
        save.error && <Failed error={save.error} onRetry={() => void download(save.variables)} what="The file" />
      )}
      {look.error && <Failed error={look.error} onRetry={() => void show(look.variables)} what="The preview" />}
      {look.data && (
        <Stack gap={0.5}>
          <Text as="p">{look.data.whole ? `The whole ${look.data.form}:` : `The beginning of the ${look.data.form}; download it to see all of it:`}</Text>
          <Raw breaks={look.data.form === "JSON"} label={`Preview of the ${look.data.form}`} text={look.data.text} />
        </Stack>
      )}
    </Stack>
  );
}
