import { Box } from "@ag.ds-next/react/box";
import { ButtonLink } from "@ag.ds-next/react/button";
import { PageAlert } from "@ag.ds-next/react/page-alert";
import { PageContent } from "@ag.ds-next/react/content";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { useEffect } from "react";
import { H1 } from "@ag.ds-next/react/heading";
import { keepFragment } from "./fragment";

/** Where to go after signing in. The part behind # stays here: it names what is not to be sent. */
const signInPath = () => `/signin?to=${encodeURIComponent(location.pathname + location.search)}`;

/** Shown instead of everything else, so that nothing stays on an unattended screen. */
export function SignedOut({ ended }: { ended: boolean }) {
  useEffect(() => {
    document.title = `${ended ? "Session ended" : "Sign in"} – NoticeHub`;
  }, [ended]);
  return (
    <Box as="main" id="main-content">
      <PageContent>
        <Stack alignItems="flex-start" gap={1.5}>
          <H1>{ended ? "Your session ended" : "Sign in to NoticeHub"}</H1>
          {ended ? (
            <PageAlert role="alert" title="You were signed out" tone="warning">
              <Text as="p">
                A session ends after 15 minutes without use, after 8 hours, or when somebody ended it. Nothing was sent. What you wrote in a form is kept
                in this tab: sign in again and you are back where you were.
              </Text>
            </PageAlert>
          ) : (
            <Text as="p">The operators’ console is for people of the agency. You sign in with your agency account.</Text>
          )}
          <ButtonLink href={signInPath()} onClick={keepFragment}>Sign in</ButtonLink>
        </Stack>
      </PageContent>
    </Box>
  );
}
