/**
 * Text of users in Markdown: it cannot begin a table cell, a link, HTML or emphasis. Line breaks become spaces, and
 * characters that are invisible or change the direction of writing are dropped.
 */
export const escapeMarkdown = (text: string): string =>
  text
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, "")
    .replaceAll(/[\\`*_[\]<>#|~&$]/g, "\\$&")
    .trim()
    // At the beginning of a line, these would begin a list or underline a heading.
    .replace(/^[-=+]/, "\\$&")
    .replace(/^(\d+)([.)](?:\s|$))/, "$1\\$2");

/** @param rows cells with text of users, which is escaped */
export const markdownTable = (heading: readonly string[], rows: readonly (readonly string[])[]): string => {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(heading.map(escapeMarkdown)),
    line(heading.map(() => "---")),
    ...rows.map((cells) => line(cells.map(escapeMarkdown))),
  ].join("\n");
};
