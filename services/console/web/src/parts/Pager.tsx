import { Button, ButtonGroup } from "@ag.ds-next/react/button";

type Props = { label: string; first: boolean; next: string; onFirst: () => void; onNext: (token: string) => void };

/** Keyset pages go on, or back to the first; nothing when there is one page only. */
export function Pager({ label, first, next, onFirst, onNext }: Props) {
  if (first && !next) return null;
  return (
    <nav aria-label={label}>
      <ButtonGroup>
        {!first && (
          <Button onClick={onFirst} size="sm" variant="secondary">
            First page
          </Button>
        )}
        {next && (
          <Button onClick={() => onNext(next)} size="sm" variant="secondary">
            Next page
          </Button>
        )}
      </ButtonGroup>
    </nav>
  );
}
