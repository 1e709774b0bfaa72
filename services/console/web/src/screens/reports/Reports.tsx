import { ScreenTitle } from "../../app/ScreenTitle";

export function Reports() {
  return <ScreenTitle name="Daily reports">Daily reports</ScreenTitle>;
}
