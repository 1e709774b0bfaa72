import { ScreenTitle } from "../../app/ScreenTitle";

export function Customer() {
  return <ScreenTitle name="Customer">Customer</ScreenTitle>;
}
