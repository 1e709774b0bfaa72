import { Stack } from "@ag.ds-next/react/stack";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";
import { routes } from "./routes";
import { ScreenTitle } from "./ScreenTitle";

export function NotFound() {
  return (
    <Stack gap={1}>
      <ScreenTitle name="No such page">There is no such page</ScreenTitle>
      <Text as="p">The address may be cut off or old. Nothing was lost.</Text>
      <Text as="p">
        <TextLink href={routes.queue}>Go to the unprocessed queue</TextLink>
      </Text>
    </Stack>
  );
}
