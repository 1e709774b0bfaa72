import { VisuallyHidden } from "@ag.ds-next/react/a11y";
import { SkeletonBox, SkeletonText } from "@ag.ds-next/react/skeleton";
import { Stack } from "@ag.ds-next/react/stack";

/** Stands where something is on its way. */
export function Loading({ what }: { what: string }) {
  return (
    <div aria-busy="true" role="status">
      <VisuallyHidden>Loading {what}</VisuallyHidden>
      <Stack gap={1}>
        <SkeletonText fontSize="xl" width="40%" />
        <SkeletonBox height={48} />
        <SkeletonBox height={48} />
        <SkeletonText width="70%" />
      </Stack>
    </div>
  );
}
