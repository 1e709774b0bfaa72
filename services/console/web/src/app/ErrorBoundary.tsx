import { Button } from "@ag.ds-next/react/button";
import { PageAlert } from "@ag.ds-next/react/page-alert";
import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { Component, type ReactNode } from "react";

/** Keeps a defect in one screen from leaving a white page. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <PageAlert role="alert" title="This page broke" tone="error">
        <Stack alignItems="flex-start" gap={1}>
          <Text as="p">That is a fault of ours, not yours. Nothing was sent, and what you wrote is kept in this tab.</Text>
          <Button onClick={() => location.reload()} variant="secondary">
            Load the page again
          </Button>
        </Stack>
      </PageAlert>
    );
  }
}
