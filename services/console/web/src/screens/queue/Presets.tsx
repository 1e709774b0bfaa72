import { Details } from "@ag.ds-next/react/details";
import { Flex } from "@ag.ds-next/react/flex";
import { Stack } from "@ag.ds-next/react/stack";
import { SubNav } from "@ag.ds-next/react/sub-nav";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { useQueueCount } from "../../live/QueueLive";
import { Later } from "../../parts/Later";
import { reasons } from "../../words/terms";
import { reasonWords } from "../../words/vocabulary";
import { emptyFilters, me, queuePath, type Filters } from "./filters";
import { useAuthorities } from "./useAuthorities";

/** From when on an entry is called old, in whole days: a business week and the weekend. */
export const oldDays = 7;

export const presets = {
  mine: { ...emptyFilters, officer: me, held: true },
  due: { ...emptyFilters, officer: me, held: true, due: true },
  unassigned: { ...emptyFilters, unassigned: true },
  old: { ...emptyFilters, age: oldDays, held: true },
} satisfies Record<string, Filters>;

/** The lists that officers open most. */
export function Presets({ filters }: { filters: Filters }) {
  const links = [
    { label: "All, oldest first", href: queuePath(emptyFilters) },
    { label: "Mine", href: queuePath(presets.mine) },
    { label: "Due today", href: queuePath(presets.due) },
    { label: "Unassigned", href: queuePath(presets.unassigned) },
    { label: `${oldDays} days and older`, href: queuePath(presets.old) },
  ];
  const here = queuePath({ ...filters, page: "", before: 0 });
  return (
    <Stack gap={0.5}>
      <SubNav activePath={links.some((l) => l.href === here) ? here : ""} aria-label="Lists of the queue" id="queue-lists" links={links} />
      <ByCounts />
    </Stack>
  );
}

/** Lists by reason and by authority, with as many entries as the list then has. */
function ByCounts() {
  const { data } = useQueueCount();
  const nameOf = useAuthorities();
  const of = (dimension: string) => (data?.counts ?? []).filter((c) => c.dimension === dimension && c.count > 0n).sort((a, b) => Number(b.count - a.count));
  if (!data || data.open === 0n) return null;
  return (
    <Details label="By reason and authority">
      <Later>
        <Stack gap={1}>
          <Group
            links={of("reason").flatMap((c) => {
              const reason = reasons.parse(c.value);
              return reason ? [{ label: `${reasonWords[reason]} (${c.count})`, href: queuePath({ ...emptyFilters, held: true, reason }) }] : [];
            })}
            title="By reason"
          />
          <Group
            links={of("authority").map((c) => ({ label: `${nameOf(c.value)} (${c.count})`, href: queuePath({ ...emptyFilters, held: true, authority: c.value }) }))}
            title="By authority"
          />
        </Stack>
      </Later>
    </Details>
  );
}

function Group({ title, links }: { title: string; links: { label: string; href: string }[] }) {
  return (
    <Stack gap={0.25}>
      <Text fontWeight="bold">{title}</Text>
      <Flex flexWrap="wrap" gap={1}>
        {links.map((l) => (
          <TextLink href={l.href} key={l.href}>
            {l.label}
          </TextLink>
        ))}
      </Flex>
    </Stack>
  );
}
