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

// Most visits begin with the queue: the other screens are fetched when they are
// gone to, the submission as soon as the browser has nothing better to do.
const submissionScreen = () => import("../screens/submission/Submission");
const Submission = lazy(() => submissionScreen().then((m) => ({ default: m.Submission })));
const Submissions = lazy(() => import("../screens/submissions/Submissions").then((m) => ({ default: m.Submissions })));
const RestrictedAccess = lazy(() => import("../screens/restricted/RestrictedAccess").then((m) => ({ default: m.RestrictedAccess })));
const Customer = lazy(() => import("../screens/customer/Customer").then((m) => ({ default: m.Customer })));
const WorkItems = lazy(() => import("../screens/workitems/WorkItems").then((m) => ({ default: m.WorkItems })));
const WorkItem = lazy(() => import("../screens/workitems/WorkItem").then((m) => ({ default: m.WorkItem })));
const Reports = lazy(() => import("../screens/reports/Reports").then((m) => ({ default: m.Reports })));
const Report = lazy(() => import("../screens/reports/Report").then((m) => ({ default: m.Report })));
const Operations = lazy(() => import("../screens/operations/Operations").then((m) => ({ default: m.Operations })));
const Audit = lazy(() => import("../screens/audit/Audit").then((m) => ({ default: m.Audit })));
const AuditEntry = lazy(() => import("../screens/audit/AuditEntry").then((m) => ({ default: m.AuditEntry })));
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
