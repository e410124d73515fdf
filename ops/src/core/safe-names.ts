/** People choose their names: longer ones are cut. */
const longestName = 60;

const cut = (text: string): string => {
  const characters = [...text];
  return characters.length > longestName ? `${characters.slice(0, longestName - 1).join("")}…` : text;
};

/** A name as one short line, without control characters and marks that change the direction of what follows. */
export const plainName = (name: string): string =>
  // Joiners belong to names in Indian scripts.
  cut(
    name
      .replaceAll(/(?!\p{Join_Control})[\p{C}\p{Zl}\p{Zp}]/gu, " ")
      .replaceAll(/\s+/g, " ")
      .trim(),
  );

/**
 * A text of a stranger without the characters that mean formatting, a mention, a link or the end of a quotation in
 * Slack, mail or a log: each becomes a question mark. Addresses of mail stay as they are.
 */
export const unformatted = (text: string): string =>
  text
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Join_Control} .,'’…@+%()_-]/gu, "?")
    .replaceAll(/(?<![\p{L}\p{M}\p{N}])_|_(?![\p{L}\p{M}\p{N}])/gu, "?");

/** The name of a stranger, as alerts and the ledger give it: short, without formatting, in quotation marks. */
export const quotedName = (name: string): string => `"${unformatted(plainName(name))}"`;
