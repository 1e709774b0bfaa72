import { Button } from "@ag.ds-next/react/button";
import { SectionAlert } from "@ag.ds-next/react/section-alert";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { callUnaryMethod, useTransport } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { sessionKey } from "../api/calls";
import { SessionService } from "../gen/noticehub/console/v1/session_pb";
import { useSession } from "./session";

/** How long before the end one is told: time enough to finish a sentence (WCAG 2.2.1). */
const notice = 2 * 60_000;

export function ExpiryWarning() {
  const { idleEnds, ends } = useSession();
  const transport = useTransport();
  const cache = useQueryClient();
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 10_000);
    return () => clearInterval(timer);
  }, []);
  const left = Math.min(idleEnds, ends) - now;
  if (left > notice) return null;
  const stay = async () => {
    await callUnaryMethod(transport, SessionService.method.whoAmI, {}).catch(() => undefined);
    await cache.invalidateQueries({ queryKey: sessionKey });
  };
  return (
    <SectionAlert role="status" title="You will be signed out soon" tone="warning">
      <Stack alignItems="flex-start" gap={0.5}>
        <Text as="p">
          {ends <= idleEnds
            ? "Your session is nearly 8 hours old and ends within two minutes. Finish what you are doing; drafts are kept in this tab."
            : "Your session ends within two minutes unless you use it. Drafts are kept in this tab."}
        </Text>
        {ends > idleEnds && (
          <Button onClick={() => void stay()} size="sm" variant="secondary">
            Stay signed in
          </Button>
        )}
      </Stack>
    </SectionAlert>
  );
}
