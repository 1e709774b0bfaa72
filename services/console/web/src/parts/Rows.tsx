import type { ReactNode } from "react";
import "./rows.css";

/** The body of a table. Its rows are plain `tr`, `th` and `td`, and take their look from rows.css. */
export const Rows = ({ children }: { children: ReactNode }) => <tbody className="rows">{children}</tbody>;
