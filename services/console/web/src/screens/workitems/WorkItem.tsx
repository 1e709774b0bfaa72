import { ScreenTitle } from "../../app/ScreenTitle";

export function WorkItem(_: { id: string }) {
  return <ScreenTitle name="Work item">Work item</ScreenTitle>;
}
