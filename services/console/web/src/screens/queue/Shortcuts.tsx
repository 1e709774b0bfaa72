import { Button } from "@ag.ds-next/react/button";
import { Checkbox } from "@ag.ds-next/react/checkbox";
import { Modal } from "@ag.ds-next/react/modal";
import { Stack } from "@ag.ds-next/react/stack";
import { useEffect, useEffectEvent, useState } from "react";
import { Facts } from "../../parts/Facts";

/** Kept in the browser: a person's habit, for every session (WCAG 2.1.4). */
const key = "noticehub.shortcuts";

const rowLinks = () => [...document.querySelectorAll<HTMLAnchorElement>("#main-content tbody th a")];

const rowHere = () => document.activeElement?.closest("tbody tr");

function next() {
  const links = rowLinks();
  const here = rowHere();
  const at = here ? links.findIndex((l) => here.contains(l)) : -1;
  links[(at + 1) % links.length]?.focus();
}

const claim = () => rowHere()?.querySelector<HTMLButtonElement>('button[aria-label^="Claim "]')?.click();

/** Single keys for who works through a list all day; the help says which, and turns them off. */
export function Shortcuts({ onSearch, claims }: { onSearch: () => void; claims: boolean }) {
  const [on, setOn] = useState(() => localStorage.getItem(key) !== "off");
  const [help, setHelp] = useState(false);
  const press = useEffectEvent((e: KeyboardEvent) => {
    const at = e.target as HTMLElement;
    const typing = at.isContentEditable || (/^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName) && !["checkbox", "radio"].includes((at as HTMLInputElement).type));
    if (!on || typing || e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented || document.querySelector('[role="dialog"]')) return;
    const act = { n: next, ...(claims && { c: claim }), "/": onSearch, "?": () => setHelp(true) }[e.key];
    if (!act) return;
    e.preventDefault();
    act();
  });
  useEffect(() => {
    const listen = (e: KeyboardEvent) => press(e);
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, []);
  const turn = (to: boolean) => {
    setOn(to);
    localStorage.setItem(key, to ? "on" : "off");
  };
  return (
    <>
      <Button onClick={() => setHelp(true)} size="sm" variant="text">
        Keyboard shortcuts
      </Button>
      <Modal isOpen={help} onClose={() => setHelp(false)} title="Keyboard shortcuts">
        <Stack gap={1}>
          <Facts
            facts={[
              ["n", "Go to the next row; Enter opens it"],
              ["c", claims ? "Claim the row one is on" : ""],
              ["/", "Search: go to the filters"],
              ["?", "This help"],
            ]}
          />
          <Checkbox checked={on} onChange={(e) => turn(e.target.checked)}>
            Use these keys
          </Checkbox>
        </Stack>
      </Modal>
    </>
  );
}
