import { Button, ButtonGroup } from "@ag.ds-next/react/button";
import { Flex } from "@ag.ds-next/react/flex";
import { H2 } from "@ag.ds-next/react/heading";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextInput } from "@ag.ds-next/react/text-input";
import { useQuery } from "@connectrpc/connect-query";
import { useState, type FormEvent } from "react";
import { RegisterService } from "../../gen/noticehub/processing/v1/queue_pb";
import { Announce } from "../../parts/Announce";
import { Part } from "../../parts/Part";
import { day, startOf, today } from "../../words/time";
import { NoticeTable } from "./NoticeTable";
import { Timeline } from "./Timeline";

/** Below this the picture says less than the table. */
const wide = () => matchMedia("(min-width: 600px)").matches;

/** The customer's notices as they are, or as they were at the end of a day. */
export function Register({ crn }: { crn: string }) {
  const [asAt, setAsAt] = useState("");
  const [picture, setPicture] = useState(wide);
  const notices = useQuery(RegisterService.method.listNotices, { crn, asAt }, { refetchOnMount: "always", gcTime: 0 });
  return (
    <Stack gap={1}>
      <H2 fontSize="lg" id="register">
        Notice register
      </H2>
      <AsAt asAt={asAt} onShow={setAsAt} />
      <Part id="register" query={notices} what="the notice register">
        {(data) => (
          <Stack gap={1}>
            <Text as="p" fontWeight="bold">
              {asAt ? `As it was at the end of ${day(data.asAt)}` : `As it is today, ${day(data.asAt)}`}
            </Text>
            <Announce text={`${data.notices.length} notices as at ${day(data.asAt)}`} />
            {data.notices.length === 0 ? (
              <Text as="p">{asAt ? "There was no notice then." : "There is no notice for this customer."}</Text>
            ) : (
              <>
                <Button alignSelf="flex-start" aria-expanded={picture} onClick={() => setPicture(!picture)} size="sm" variant="text">
                  {picture ? "Hide the picture" : "Show the picture"}
                </Button>
                {picture && <Timeline asAt={data.asAt} notices={data.notices} />}
                <NoticeTable notices={data.notices} />
              </>
            )}
          </Stack>
        )}
      </Part>
    </Stack>
  );
}

function AsAt({ asAt, onShow }: { asAt: string; onShow: (date: string) => void }) {
  const [date, setDate] = useState(asAt);
  const [wrong, setWrong] = useState("");
  const submit = (e: FormEvent) => {
    e.preventDefault();
    const problem = startOf(date) === undefined ? "Enter a day." : date > today() ? "Choose today or a day before it." : "";
    setWrong(problem);
    if (!problem) onShow(date === today() ? "" : date);
  };
  return (
    <form aria-label="Day of the register" noValidate onSubmit={submit}>
      <Flex alignItems="flex-end" flexWrap="wrap" gap={1}>
        <TextInput hideOptionalLabel invalid={Boolean(wrong)} label="As at" maxWidth="md" message={wrong} onChange={(e) => setDate(e.target.value)} type="date" value={date} />
        <ButtonGroup>
          <Button type="submit" variant="secondary">
            Show that day
          </Button>
          {asAt && (
            <Button
              onClick={() => {
                setDate("");
                onShow("");
              }}
              variant="tertiary"
            >
              Back to today
            </Button>
          )}
        </ButtonGroup>
      </Flex>
    </form>
  );
}
