import { ScreenTitle } from "../../app/ScreenTitle";

export function RestrictedAccess() {
  return <ScreenTitle name="Restricted Access">Restricted Access</ScreenTitle>;
}
