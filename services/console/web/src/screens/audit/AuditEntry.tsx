import { ScreenTitle } from "../../app/ScreenTitle";

export function AuditEntry(_: { position: string }) {
  return <ScreenTitle name="Audit entry">Audit entry</ScreenTitle>;
}
