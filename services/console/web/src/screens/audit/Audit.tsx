import { ScreenTitle } from "../../app/ScreenTitle";

export function Audit() {
  return <ScreenTitle name="Audit">Audit</ScreenTitle>;
}
