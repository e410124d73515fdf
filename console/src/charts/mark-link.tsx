import { Link } from "@tanstack/react-router";
import type { Format } from "../format.ts";
import { Icon } from "../ui/icon.tsx";
import type { Mark } from "./marks.ts";

/** What stands at a mark: its icon, perhaps its label, and for screen readers all of it; a link if there is a page. */
export const MarkLink = ({
  mark: { icon, label, title, atMs, link },
  hasLabel = false,
  format,
}: {
  mark: Mark;
  hasLabel?: boolean;
  format: Format;
}) => {
  const text = `${format.time(new Date(atMs).toISOString())} ${title}`;
  const content = (
    <>
      <Icon name={icon} />
      {hasLabel && label !== "" && <span>{label} </span>}
      <span className="visually-hidden">{text}</span>
    </>
  );
  return link ? (
    <Link {...link} title={text}>
      {content}
    </Link>
  ) : (
    <span title={text}>{content}</span>
  );
};
