/**
 * Replaces the text between `<!-- generated: name -->` and `<!-- end of name -->` in a document.
 *
 * @throws Error if the document has no such markers
 */
export const replaceMarkedPart = (document: string, name: string, content: string): string => {
  const [begin, end] = [`<!-- generated: ${name} -->`, `<!-- end of ${name} -->`];
  const from = document.indexOf(begin);
  const to = document.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`the document has no "${begin}" followed by "${end}"`);
  return `${document.slice(0, from + begin.length)}\n\n${content}\n\n${document.slice(to)}`;
};

/** Formats rows as a Markdown table. Cells must not contain line breaks. */
export const markdownTable = (heading: readonly string[], rows: readonly (readonly string[])[]): string => {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(heading), line(heading.map(() => "---")), ...rows.map(line)].join("\n");
};
