import { ScreenTitle } from "../../app/ScreenTitle";

export function WorkItems() {
  return <ScreenTitle name="Work items">Work items</ScreenTitle>;
}
