import type { Theme } from "@ag.ds-next/react/core";

/** The hub's own colours over the design system's tokens; no agency's branding. */
export const theme: Theme = {
  lightForegroundAction: "#1c4e80",
  lightForegroundFocus: "#8a4fd0",
  lightAccent: "#f2b632",
  lightSelected: "#1c4e80",
  lightSelectedMuted: "#eaf1f8",
  lightForegroundMuted: "#565c63",
  darkBackgroundBody: "#1f3a5f",
  darkBackgroundShade: "#1a3252",
  darkBackgroundBodyAlt: "#162a45",
  darkBackgroundShadeAlt: "#112138",
  darkForegroundAction: "#ffd76a",
  darkForegroundFocus: "#d3b0ff",
  darkForegroundMuted: "#c6d3e3",
  darkAccent: "#f2b632",
  darkSelected: "#ffd76a",
  darkSelectedMuted: "#27466f",
  darkBorder: "#9fb4cd",
  darkBorderMuted: "#52709a",
};
