import { Flex } from "@ag.ds-next/react/flex";
import { ChevronRightIcon } from "@ag.ds-next/react/icon";
import { Text } from "@ag.ds-next/react/text";
import { TextLink } from "@ag.ds-next/react/text-link";

/** The way here from the first screen; the last one is where one is. The design system's own is a kilobyte more to load. */
export const Trail = ({ links }: { links: { label: string; href?: string }[] }) => (
  <nav aria-label="Breadcrumbs">
    <Flex alignItems="center" as="ol" flexWrap="wrap" gap={0.5}>
      {links.map(({ label, href }) => (
        <Flex alignItems="center" as="li" gap={0.5} key={label}>
          {href ? (
            <>
              <TextLink href={href}>{label}</TextLink>
              <ChevronRightIcon color="muted" size="sm" />
            </>
          ) : (
            <Text aria-current="page" color="muted">
              {label}
            </Text>
          )}
        </Flex>
      ))}
    </Flex>
  </nav>
);
