import { lazy, Suspense } from "react";
import { Route, Switch } from "wouter";
import { Loading } from "../parts/Loading";
import { Home } from "../screens/home/Home";
import { Queue } from "../screens/queue/Queue";
import { SessionGate } from "../session/SessionGate";
import { ErrorBoundary } from "./ErrorBoundary";
import { Frame } from "./Frame";
import { NotFound } from "./NotFound";
import { routes } from "./routes";

// Forms and dialogs come after the lists, which most visits begin with; they are
// fetched as soon as the browser has nothing better to do.
const submissionScreen = () => import("../screens/submission/Submission");
const Submission = lazy(() => submissionScreen().then((m) => ({ default: m.Submission })));
addEventListener("load", () => requestIdleCallback(() => void submissionScreen().catch(() => undefined)));

export function App() {
  return (
    <SessionGate>
      <Frame>
        <ErrorBoundary>
          <Suspense fallback={<Loading what="the screen" />}>
            <Switch>
              <Route path={routes.home}>
                <Home />
              </Route>
              <Route path={routes.queue}>
                <Queue />
              </Route>
              <Route path={routes.submission}>{({ id }) => <Submission id={id} key={id} />}</Route>
              <Route>
                <NotFound />
              </Route>
            </Switch>
          </Suspense>
        </ErrorBoundary>
      </Frame>
    </SessionGate>
  );
}
