import { AppLayout, AppLayoutContent, AppLayoutHeader, AppLayoutSidebar } from "@ag.ds-next/react/app-layout";
import { Box } from "@ag.ds-next/react/box";
import { PageContent } from "@ag.ds-next/react/content";
import { ExitIcon } from "@ag.ds-next/react/icon";
import { NotificationBadge } from "@ag.ds-next/react/notification-badge";
import { SkipLinks } from "@ag.ds-next/react/skip-link";
import type { ReactNode } from "react";
import { useLocation } from "wouter";
import { Wordmark } from "../brand/Wordmark";
import { QueueLive, useQueueCount } from "../live/QueueLive";
import { ActingOnMany } from "../screens/queue/acting";
import { signOut } from "../session/signOut";
import { useSession } from "../session/session";
import { ExpiryWarning } from "../session/ExpiryWarning";
import { roleWords } from "../words/roles";
import { routes } from "./routes";
import { openTo, screens } from "./screens";

/** What every screen stands in: who is signed in, where one can go, the main landmark. */
export function Frame({ children }: { children: ReactNode }) {
  return (
    <QueueLive>
      <ActingOnMany>
        <Around>{children}</Around>
      </ActingOnMany>
    </QueueLive>
  );
}

function Around({ children }: { children: ReactNode }) {
  const session = useSession();
  const [path] = useLocation();
  const count = useQueueCount();
  const open = screens.filter((screen) => openTo(session, screen));
  return (
    <>
      <SkipLinks
        links={[
          { href: "#main-content", label: "Skip to main content" },
          { href: "#main-nav", label: "Skip to main navigation" },
        ]}
      />
      <AppLayout>
        <AppLayoutHeader
          accountDetails={{ name: session.person, secondaryText: roleWords(session.roles) }}
          heading="NoticeHub"
          href={routes.home}
          logo={<Wordmark />}
          subLine="Operators’ console"
        />
        <AppLayoutSidebar
          // What is opened from a list belongs to it.
          activePath={open.find((x) => x.path === path || (x.under && path.startsWith(x.under)))?.path ?? path}
          items={[
            open.map(({ path: href, icon, label }) => ({
              href,
              icon,
              label,
              endElement:
                href === routes.queue && count.data ? (
                  <Box flexShrink={0}>
                    <NotificationBadge max={99} tone="neutral" value={Number(count.data.open)} />
                  </Box>
                ) : undefined,
            })),
            [{ icon: ExitIcon, label: "Sign out", onClick: () => void signOut() }],
          ]}
        />
        <AppLayoutContent>
          <main id="main-content" tabIndex={-1}>
            <PageContent>
              <ExpiryWarning />
              {children}
            </PageContent>
          </main>
        </AppLayoutContent>
      </AppLayout>
    </>
  );
}
