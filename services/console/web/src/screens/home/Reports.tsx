import { Flex } from "@ag.ds-next/react/flex";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { useQuery } from "@connectrpc/connect-query";
import { reportPath, routes } from "../../app/routes";
import { ReportService, type Delivery } from "../../gen/noticehub/advice/v1/report_pb";
import { watching } from "../../live/pause";
import { Part } from "../../parts/Part";
import { day } from "../../words/time";
import { CountDown } from "./CountDown";

/** A report becomes overdue by time alone; asking names no customer. */
const lookEvery = 5_000;
/** How many of a sort are named here; the screen of reports has all. */
const shown = 8;

/** What there is to do is said once for all that it is true of. */
function byAdvice(late: Delivery[]): [string, Delivery[]][] {
  const sorts = new Map<string, Delivery[]>();
  for (const d of late) sorts.set(d.advice, [...(sorts.get(d.advice) ?? []), d]);
  return [...sorts];
}

/** The daily reports: when the next are cut off, and which are late. */
export function Reports() {
  const late = useQuery(
    ReportService.method.listDeliveries,
    { overdue: true },
    { refetchOnMount: "always", refetchInterval: () => (watching() ? lookEvery : false) },
  );
  return (
    <Part id="home-reports" query={late} title="Daily reports" what="the daily reports">
      {({ deliveries, more, nextCutOffAt, collectingFor }) => (
        <Stack gap={0.5}>
          {nextCutOffAt && <CountDown at={nextCutOffAt} collectingFor={collectingFor} onOver={() => void late.refetch()} />}
          {deliveries.length === 0 ? (
            <Text as="p">No report is overdue.</Text>
          ) : (
            <>
              <Text as="p" fontWeight="bold">
                Overdue: {more ? "more than 2000 reports" : deliveries.length === 1 ? "1 report" : `${deliveries.length} reports`}
              </Text>
              {byAdvice(deliveries).map(([advice, same]) => (
                <Stack gap={0.25} key={advice}>
                  <Text as="p">{advice}</Text>
                  <Flex flexWrap="wrap" gap={1}>
                    {same.slice(0, shown).map((d) => (
                      <TextLink href={reportPath(d.authorityId, d.reportDate)} key={`${d.authorityId}/${d.reportDate}`}>
                        {d.authorityId}, {day(d.reportDate)}
                      </TextLink>
                    ))}
                    {same.length > shown && <Text>and {same.length - shown} more</Text>}
                  </Flex>
                </Stack>
              ))}
            </>
          )}
          <Text as="p">
            <TextLink href={routes.reports}>See all daily reports</TextLink>
          </Text>
        </Stack>
      )}
    </Part>
  );
}
