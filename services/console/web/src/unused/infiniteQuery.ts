/* In place of endless lists: the page's lists have pages. */
function refuse(): never {
  throw new Error("queries are not endless here");
}

export { refuse as hasNextPage, refuse as hasPreviousPage, refuse as infiniteQueryBehavior };
