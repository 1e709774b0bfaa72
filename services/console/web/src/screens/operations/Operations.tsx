import { ScreenTitle } from "../../app/ScreenTitle";

export function Operations() {
  return <ScreenTitle name="Operations">Operations</ScreenTitle>;
}
