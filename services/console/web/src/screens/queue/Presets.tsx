import { SubNav } from "@ag.ds-next/react/sub-nav";
import { useSession } from "../../session/session";
import { emptyFilters, queuePath, type Filters } from "./filters";

/** The lists that officers open most. */
export function Presets({ filters }: { filters: Filters }) {
  const { person } = useSession();
  const links = [
    { label: "All, oldest first", href: queuePath(emptyFilters) },
    { label: "Nobody holds", href: queuePath({ ...emptyFilters, unassigned: true }) },
    { label: "Mine", href: queuePath({ ...emptyFilters, officer: person, held: true }) },
  ];
  return <SubNav activePath={queuePath({ ...filters, page: "" })} aria-label="Lists of the queue" id="queue-lists" links={links} />;
}
