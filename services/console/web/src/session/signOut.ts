import { dropDrafts } from "../screens/submission/draft";

/** Ends the session here and, where that is offered, at the sign-in provider. */
export async function signOut() {
  dropDrafts();
  let to = "/signed-out";
  try {
    const answer = await fetch("/signout", { method: "POST", headers: { Accept: "application/json" }, credentials: "same-origin" });
    const said = (await answer.json()) as { end_session_url?: string };
    if (said.end_session_url) to = said.end_session_url;
    if (!answer.ok) throw new Error();
  } catch {
    alert("You could not be signed out: the hub is out of reach. Close the browser, or try again.");
    return;
  }
  location.assign(to);
}
