/* In place of reading messages from JSON: the page speaks the binary form alone. */
function refuse(): never {
  throw new Error("messages are not read from JSON here");
}

export {
  refuse as enumFromJson, refuse as fromJson, refuse as fromJsonString, refuse as isEnumJson, refuse as mergeFromJson, refuse as mergeFromJsonString,
};
