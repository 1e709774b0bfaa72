/* In place of writing messages as JSON: the page speaks the binary form alone. */
function refuse(): never {
  throw new Error("messages are not written as JSON here");
}

export { refuse as enumToJson, refuse as toJson, refuse as toJsonString };
