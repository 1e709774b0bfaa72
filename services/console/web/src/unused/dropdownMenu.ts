/*
 * In place of the design system's drop-down menu, which its page header loads for a
 * menu of the account: ours has none, and the menu would bring a library of its own.
 */
function refuse(): never {
  throw new Error("the console's header has no menu");
}

export { refuse as DropdownMenu, refuse as useDropdownMenuButton, refuse as useDropdownMenuContext };
