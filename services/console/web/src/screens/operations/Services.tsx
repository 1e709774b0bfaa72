import { Flex } from "@ag.ds-next/react/flex";
import { Stack } from "@ag.ds-next/react/stack";
import { StatusBadge } from "@ag.ds-next/react/status-badge";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow, TableWrapper } from "@ag.ds-next/react/table";
import { Text } from "@ag.ds-next/react/text";
import { Fragment } from "react";
import { Health, type ConsumerHealth, type GetHealthResponse, type ServiceHealth } from "../../gen/noticehub/operations/v1/operations_pb";
import { healthTones, healthWords, rateWords, serviceWords } from "../../words/operations";
import { ago } from "../../words/time";
import { Spark } from "./Spark";
import { consumerKey, serviceKey, type Rates } from "./useRates";

const headings = ["Service and its consumers", "How it does", "Rate a second", "Backlog", "In work", "Redelivered", "Parked", "Oldest"];

/** What every service has to do, and how fast it does it; worst first is not done: rows hold their place. */
export function Services({ health, rates, labelledBy }: { health: GetHealthResponse; rates: Rates; labelledBy: string }) {
  return (
    <Stack gap={1}>
      <Text as="p" fontWeight="bold">
        {summary(health.services)}
      </Text>
      <TableWrapper>
        <Table aria-labelledby={labelledBy}>
          <TableHead>
            <TableRow>
              {headings.map((h, i) => (
                <TableHeader key={h} scope="col" textAlign={i > 2 && i < 6 ? "right" : "left"}>
                  {h}
                </TableHeader>
              ))}
            </TableRow>
          </TableHead>
          <TableBody>
            {health.services.map((s) => (
              <Fragment key={s.service}>
                <ServiceRow rates={rates} service={s} />
                {s.consumers.map((c) => (
                  <ConsumerRow consumer={c} key={c.consumer} rates={rates} service={s.service} />
                ))}
              </Fragment>
            ))}
          </TableBody>
        </Table>
      </TableWrapper>
      <Text as="p" color="muted">
        A service’s rate is its database’s transactions, and its backlog what it has committed and not everybody has taken yet; a consumer’s rate is events, and its
        backlog messages it has not been given yet.
      </Text>
    </Stack>
  );
}

function summary(services: ServiceHealth[]): string {
  const named = (h: Health) => services.filter((s) => s.health === h).map((s) => serviceWords(s.service));
  const [bad, slow] = [named(Health.BAD), named(Health.SLOW)];
  if (bad.length === 0 && slow.length === 0) return `All ${services.length} services do well.`;
  return [bad.length > 0 && `Somebody has to look at: ${bad.join(", ")}.`, slow.length > 0 && `Behind, and going on by themselves: ${slow.join(", ")}.`].filter(Boolean).join(" ");
}

function ServiceRow({ service: s, rates }: { service: ServiceHealth; rates: Rates }) {
  return (
    <TableRow background="shade">
      <TableCell as="th" scope="row">
        <Stack gap={0.25}>
          <Text fontWeight="bold">{serviceWords(s.service)}</Text>
          {s.advice && <Text>{s.advice}</Text>}
          {!s.database && <StatusBadge label="Its database does not answer" tone="errorHigh" />}
          {!s.messaging && <StatusBadge label="Its messaging does not answer" tone="errorHigh" />}
        </Stack>
      </TableCell>
      <TableCell>
        <StatusBadge label={healthWords[s.health]} tone={healthTones[s.health]} />
      </TableCell>
      <Rate of={`Transactions of ${serviceWords(s.service)}`} now={s.transactionsPerSecond} values={rates.get(serviceKey(s.service))} />
      <TableCell textAlign="right">{String(s.outbox)}</TableCell>
      <TableCell colSpan={3}> </TableCell>
      <TableCell>{ago(s.oldestOutboxAt) || "–"}</TableCell>
    </TableRow>
  );
}

function ConsumerRow({ service, consumer: c, rates }: { service: string; consumer: ConsumerHealth; rates: Rates }) {
  return (
    <TableRow>
      <TableCell as="th" scope="row">
        <Text fontWeight="normal">{c.consumer}</Text>{" "}
        <Text color="muted" fontSize="xs" fontWeight="normal">
          from {c.stream}
        </Text>
      </TableCell>
      <TableCell>
        <StatusBadge label={healthWords[c.health]} tone={healthTones[c.health]} />
      </TableCell>
      <Rate of={`Events of ${c.consumer}`} now={c.eventsPerSecond} values={rates.get(consumerKey(service, c.consumer))} />
      {[c.backlog, c.inWork, c.redelivered].map((n, i) => (
        <TableCell key={i} textAlign="right">
          {String(n)}
        </TableCell>
      ))}
      <TableCell>{parkedNumbers(c) || "–"}</TableCell>
      <TableCell>{ago(c.oldestParkedAt) || "–"}</TableCell>
    </TableRow>
  );
}

/** "2 retrying, 1 quarantined"; nothing when nothing is parked. */
const parkedNumbers = (c: ConsumerHealth) =>
  [c.retrying > 0n && `${c.retrying} retrying`, c.waiting > 0n && `${c.waiting} waiting`, c.quarantined > 0n && `${c.quarantined} quarantined`].filter(Boolean).join(", ");

function Rate({ of, now, values }: { of: string; now: number; values: readonly number[] | undefined }) {
  return (
    <TableCell>
      <Flex alignItems="center" gap={0.5} justifyContent="space-between">
        <Text>{rateWords(now)}</Text>
        <Spark of={of} values={values ?? [now]} />
      </Flex>
    </TableCell>
  );
}
