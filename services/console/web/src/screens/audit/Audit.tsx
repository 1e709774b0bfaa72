import { Button, ButtonGroup } from "@ag.ds-next/react/button";
import { H2 } from "@ag.ds-next/react/heading";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { useMemo, useState } from "react";
import { navigate, useLocationProperty, useSearch as useQueryString } from "wouter/use-browser-location";
import { routes } from "../../app/routes";
import { ScreenTitle } from "../../app/ScreenTitle";
import { Announce } from "../../parts/Announce";
import { Failed } from "../../parts/Failed";
import { Loading } from "../../parts/Loading";
import { NotOpen } from "../../parts/NotOpen";
import { useSession } from "../../session/session";
import { EntryTable } from "./EntryTable";
import { auditPath, problemsOf, readFilters, requestOf, searches, type Filters } from "./filters";
import { SearchForm } from "./SearchForm";
import { Since } from "./Since";
import { useSearch } from "./useSearch";

export function Audit() {
  const { roles } = useSession();
  const search = useQueryString();
  const hash = useLocationProperty(() => location.hash);
  const filters = useMemo(() => readFilters(search, hash), [search, hash]);
  const [times, setTimes] = useState(0);
  const address = auditPath(filters);
  if (!roles.includes("auditor")) {
    return (
      <Stack gap={1.5}>
        <ScreenTitle name="Audit">Audit</ScreenTitle>
        <NotOpen to="Auditors read it: it tells what colleagues do." what="The audit log is" />
      </Stack>
    );
  }
  return (
    <Stack gap={1.5}>
      <ScreenTitle name="Audit">Audit</ScreenTitle>
      <Text as="p">Every change, every look at personal data and every refusal is an entry of the log. Each search and each look here is one, too.</Text>
      <SearchForm
        filters={filters}
        key={address}
        onClear={() => navigate(routes.audit)}
        onSearch={(f) => {
          // The same search once more is a new look at the log.
          if (auditPath(f) === address) setTimes(times + 1);
          else navigate(auditPath(f));
        }}
      />
      {searches(filters) && <Results filters={filters} key={`${address} ${times}`} onAgain={() => setTimes(times + 1)} />}
    </Stack>
  );
}

function Results({ filters, onAgain }: { filters: Filters; onAgain: () => void }) {
  // Tokens of the pages gone through; the last is the one shown.
  const [tokens, setTokens] = useState([""]);
  const request = useMemo(() => requestOf(filters), [filters]);
  const page = useSearch(request, tokens.at(-1)!);
  // An address may name what no form would: the hub is still asked, and says what is wrong.
  const wrong = Object.values(problemsOf(filters));
  return (
    <section aria-labelledby="found">
      <Stack gap={1}>
        <H2 fontSize="lg" id="found">
          What was found
        </H2>
        {page.isPending && <Loading what="entries of the audit log" />}
        {page.error && <Failed error={page.error} onRetry={wrong.length > 0 ? undefined : () => void page.refetch()} what="The search" />}
        {page.data && (
          <>
            <Since at={page.dataUpdatedAt} onAgain={onAgain} />
            {page.data.entries.length > 0 ? (
              <EntryTable entries={page.data.entries} labelledBy="found" />
            ) : page.data.next ? (
              <Text as="p">Nothing that matches so far. The log goes further back.</Text>
            ) : (
              <Text as="p">{tokens.length > 1 ? "There is nothing older that matches." : "Nothing in the log matches."}</Text>
            )}
            <Announce text={`${page.data.entries.length} entries on this page`} />
            {(tokens.length > 1 || page.data.next) && (
              <nav aria-label="Pages of the search">
                <ButtonGroup>
                  {tokens.length > 1 && (
                    <Button onClick={() => setTokens(tokens.slice(0, -1))} variant="secondary">
                      Newer entries
                    </Button>
                  )}
                  {page.data.next && (
                    <Button onClick={() => setTokens([...tokens, page.data.next])} variant="secondary">
                      {page.data.entries.length > 0 ? "Older entries" : "Search further back"}
                    </Button>
                  )}
                </ButtonGroup>
              </nav>
            )}
          </>
        )}
      </Stack>
    </section>
  );
}
