import { Route, Switch } from "wouter";
import { Home } from "../screens/home/Home";
import { Queue } from "../screens/queue/Queue";
import { Submission } from "../screens/submission/Submission";
import { SessionGate } from "../session/SessionGate";
import { ErrorBoundary } from "./ErrorBoundary";
import { Frame } from "./Frame";
import { NotFound } from "./NotFound";
import { routes } from "./routes";

export function App() {
  return (
    <SessionGate>
      <Frame>
        <ErrorBoundary>
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
        </ErrorBoundary>
      </Frame>
    </SessionGate>
  );
}
