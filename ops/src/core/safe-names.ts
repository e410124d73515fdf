/** Users choose their names, so their length is limited here. */
const longestName = 60;

const cut = (text: string): string => {
  const characters = [...text];
  return characters.length > longestName ? `${characters.slice(0, longestName - 1).join("")}…` : text;
};

/** A name as one short line, without control characters and bidirectional marks. */
export const plainName = (name: string): string =>
  // Names in Indian scripts contain joiners.
  cut(
    name
      .replaceAll(/(?!\p{Join_Control})[\p{C}\p{Zl}\p{Zp}]/gu, " ")
      .replaceAll(/\s+/g, " ")
      .trim(),
  );

/**
 * Untrusted text with the characters replaced by question marks that mean formatting, a mention, a link or the end of a
 * quotation in Slack, email or a log. Email addresses stay readable.
 */
export const unformatted = (text: string): string =>
  text
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Join_Control} .,'’…@+%()_-]/gu, "?")
    .replaceAll(/(?<![\p{L}\p{M}\p{N}])_|_(?![\p{L}\p{M}\p{N}])/gu, "?");

/** An untrusted name for alerts and the ledger: short, without formatting, in quotation marks. */
export const quotedName = (name: string): string => `"${unformatted(plainName(name))}"`;
