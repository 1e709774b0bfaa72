/** A call over HTTP as a person, by a development token; by default olive's, a contact officer and supervisor. */
export async function rest<T>(origin: string, method: string, path: string, body?: unknown, person = "olive.contact-officer+supervisor"): Promise<T> {
  const answer = await fetch(origin + path, {
    method,
    headers: { Authorization: `Bearer dev.person.${person}`, "Content-Type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}
