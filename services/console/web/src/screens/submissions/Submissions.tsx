import { ScreenTitle } from "../../app/ScreenTitle";

export function Submissions() {
  return <ScreenTitle name="Submissions">Submissions</ScreenTitle>;
}
