import { useDeferredValue, type ReactNode } from "react";

/** Draws what nobody sees yet, such as closed details, once all that is seen stands. */
export const Later = ({ children }: { children: ReactNode }) => useDeferredValue(children, null);
