import { Core } from "@ag.ds-next/react/core";
import { TransportProvider } from "@connectrpc/connect-query";
import createCache from "@emotion/cache";
import { CacheProvider } from "@emotion/react";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queries, transport } from "./api/calls";
import { App } from "./app/App";
import { ErrorBoundary } from "./app/ErrorBoundary";
import { Link } from "./app/Link";
import { theme } from "./brand/theme";
import { readQueueEarly } from "./screens/queue/early";
import { watchAttention } from "./session/attention";

// The answer's nonce, without which the content security policy refuses the
// style elements that the design system adds.
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
const styles = createCache({ key: "nh", nonce });

watchAttention();
readQueueEarly();

const root = document.getElementById("console");
if (!root) throw new Error("index.html has no element for the console");
createRoot(root).render(
  <StrictMode>
    <CacheProvider value={styles}>
      <Core linkComponent={Link} theme={theme}>
        <ErrorBoundary>
          <TransportProvider transport={transport}>
            <QueryClientProvider client={queries}>
              <App />
            </QueryClientProvider>
          </TransportProvider>
        </ErrorBoundary>
      </Core>
    </CacheProvider>
  </StrictMode>,
);
