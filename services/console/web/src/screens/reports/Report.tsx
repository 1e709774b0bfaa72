import { ScreenTitle } from "../../app/ScreenTitle";

export function Report(_: { authority: string; date: string }) {
  return <ScreenTitle name="Daily report">Daily report</ScreenTitle>;
}
