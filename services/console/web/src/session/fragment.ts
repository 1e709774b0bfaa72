/*
 * What stands behind "#" is sent nowhere, so signing in would lose it. It waits in
 * the tab until the page is back, which takes it out at once. A CRN is never kept:
 * then only the rest of the address comes back.
 */
const key = "noticehub.fragment";
const customer = /crn|(\d\W*){9}[a-z]/i;
const here = () => location.pathname + location.search;

export function keepFragment() {
  const { hash } = location;
  if (hash && !customer.test([...new URLSearchParams(hash.slice(1))].join())) sessionStorage.setItem(key, here() + hash);
}

export function returnFragment() {
  const kept = sessionStorage.getItem(key);
  sessionStorage.removeItem(key);
  if (kept?.startsWith(`${here()}#`) && !location.hash) history.replaceState(history.state, "", kept);
}
