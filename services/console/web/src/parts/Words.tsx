import { Box } from "@ag.ds-next/react/box";
import { Text } from "@ag.ds-next/react/text";

/** What somebody wrote, as text: its lines kept, long words broken, its direction its own. */
export const Words = ({ text }: { text: string }) => (
  <Box>
    {text
      .split(/\r?\n/)
      .filter(Boolean)
      .map((line, i) => (
        <Text as="p" breakWords dir="auto" key={i}>
          {line}
        </Text>
      ))}
  </Box>
);
