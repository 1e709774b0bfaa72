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

// Most visits begin with the queue: the other screens are fetched when it has had
// time to stand and the browser has nothing better to do, or when they are gone to.
const more = () => import("./more");
const Submission = lazy(() => more().then((m) => ({ default: m.Submission })));
const Submissions = lazy(() => more().then((m) => ({ default: m.Submissions })));
const RestrictedAccess = lazy(() => more().then((m) => ({ default: m.RestrictedAccess })));
const Customer = lazy(() => more().then((m) => ({ default: m.Customer })));
const WorkItems = lazy(() => more().then((m) => ({ default: m.WorkItems })));
const WorkItem = lazy(() => more().then((m) => ({ default: m.WorkItem })));
const Reports = lazy(() => more().then((m) => ({ default: m.Reports })));
const Report = lazy(() => more().then((m) => ({ default: m.Report })));
const Operations = lazy(() => more().then((m) => ({ default: m.Operations })));
const Audit = lazy(() => more().then((m) => ({ default: m.Audit })));
const AuditEntry = lazy(() => more().then((m) => ({ default: m.AuditEntry })));
addEventListener("load", () => setTimeout(() => requestIdleCallback(() => void more().catch(() => undefined)), 1_500));

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
              <Route path={routes.submissions}>
                <Submissions />
              </Route>
              <Route path={routes.restricted}>
                <RestrictedAccess />
              </Route>
              <Route path={routes.customer}>
                <Customer />
              </Route>
              <Route path={routes.workItem}>{({ id }) => <WorkItem id={id} key={id} />}</Route>
              <Route path={routes.workItems}>
                <WorkItems />
              </Route>
              <Route path={routes.report}>{({ authority, date }) => <Report authority={authority} date={date} key={`${authority}/${date}`} />}</Route>
              <Route path={routes.reports}>
                <Reports />
              </Route>
              <Route path={routes.operations}>
                <Operations />
              </Route>
              <Route path={routes.auditEntry}>{({ position }) => <AuditEntry key={position} position={position} />}</Route>
              <Route path={routes.audit}>
                <Audit />
              </Route>
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
